package import Model

extension Cluster {
    /// What would be forgotten, and what stays. Opens no repository and changes nothing.
    package func planForgetting() throws -> ClusterForgetPlan {
        try refuseStandby()
        if let service = try state.service() {
            throw Failure(
                .refused, "holdfast serve runs for the cluster \(file.name): \(service)",
                hint: "stop it first, for instance with systemctl stop; then: holdfast cluster forget -c \(file.path)")
        }
        let catalogue = try catalogue()
        let half = Set(catalogue.halfDone.map(\.store) + (catalogue.restoring?.places == nil ? [] : catalogue.restoring?.stores ?? []))
        let stays = catalogue.policies.snapshot.isEnabled ? [catalogue.policies.snapshot.text] : []
        return ClusterForgetPlan(
            cluster: try identity(), file: file.path, state: file.state, storage: file.storage,
            stores: file.stores.map { ClusterForgetPlan.Place(name: $0.name, path: $0.path) },
            targets: try targets().map { ClusterForgetPlan.Place(name: $0.name, path: $0.path) },
            policies: stays + catalogue.policies.backups.map(\.policy).filter(\.isEnabled).map { "\($0.name): \($0.text)" },
            halfDone: half.sorted(), isActive: try state.standing() != nil)
    }

    /// Removes what the state directory holds of the cluster, the catalogue last: interrupted, it is still a cluster and can be forgotten again.
    package func forget() throws {
        _ = try planForgetting()
        try backingUp("cluster forget") { try exclusively("cluster forget") { try state.erase() } }
    }
}
