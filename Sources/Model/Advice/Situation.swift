/// What somebody wants to do, and which strategy is for it.
package enum Situation: String, Sendable, Encodable, CaseIterable {
    case pointInTime = "point-in-time"
    case beforeChange = "before-change"
    case priorState = "prior-state"
    case otherHardware = "other-hardware"
    case virtualMachine = "virtual-machine"
    case removeNode = "remove-node"
    case otherRelease = "other-release"
    case takeOver = "take-over"

    package enum Strategy: String, Sendable, Encodable { case snapshot, backup, standby }

    package var title: String {
        switch self {
        case .pointInTime: "put the running cluster back to a point in time"
        case .beforeChange: "be able to go back before a change: a load, an upgrade, a table altered"
        case .priorState: "restore the cluster to a prior state after it was damaged or destroyed"
        case .otherHardware: "move the cluster to other hardware"
        case .virtualMachine: "move the cluster to a virtual machine, or from one"
        case .removeNode: "restore onto fewer nodes"
        case .otherRelease: "restore under another release than that of the backup"
        case .takeOver: "go on within minutes when production fails"
        }
    }

    package var strategy: Strategy {
        switch self {
        case .pointInTime, .beforeChange: .snapshot
        case .takeOver: .standby
        default: .backup
        }
    }

    package var advantages: [String] {
        switch strategy {
        case .snapshot:
            [
                "taken and restored while the cluster runs", "quick: only what differs is written",
                "a safety snapshot is taken first, so a restore can be undone",
            ]
        case .backup:
            [
                "lies outside of the cluster and survives its loss", "goes to other hosts, other paths, fewer nodes, another release",
                "full, lightweight or dataless: as much as you want to keep",
            ]
        case .standby: ["the smallest loss of work and the shortest interruption", "its hosts do nothing else, so it is ready"]
        }
    }

    package var limits: [String] {
        switch strategy {
        case .snapshot:
            [
                "everything that was written since goes back too: the plan says which stretch of time, store by store",
                "lost with the storage: the HDFS NameNode, the disks, the whole cluster",
                "for the same cluster under the same release only",
            ]
        case .backup:
            [
                "the cluster that is restored to has to be empty: delete what is left of it first",
                "takes about as much room as what it holds, compressed", "whether it can be restored shows when it is tried: drill it",
                "keep several, in more than one place",
            ]
        case .standby: ["needs hosts of its own", "what was written since its last sync is lost, unless the switch is planned"]
        }
    }
}

/// A situation on this cluster.
package struct SituationAdvice: Hashable, Sendable, Encodable {
    package var situation: Situation
    package var title: String
    package var strategy: Situation.Strategy
    package var advantages: [String]
    package var limits: [String]
    /// What there is to use here.
    package var here: [String]
    /// Commands, in their order.
    package var steps: [String]
}

extension AdviceFacts {
    package func advice(on situation: Situation) -> SituationAdvice {
        SituationAdvice(
            situation: situation, title: situation.title, strategy: situation.strategy, advantages: situation.advantages,
            limits: situation.limits, here: here(situation.strategy), steps: steps(situation))
    }

    private func here(_ strategy: Situation.Strategy) -> [String] {
        switch strategy {
        case .snapshot:
            guard let newestSnapshot else { return ["there is no snapshot yet"] }
            return ["\(counted(snapshots, "snapshot")), the newest \(relativeAge(of: newestSnapshot, at: now))"]
        case .backup:
            let lines = targets.map { target -> String in
                if let problem = target.problem { return "target \(target.name): \(problem)" }
                guard let newest = target.newest else { return "target \(target.name): no backup yet" }
                let drill = target.drill.map { ", drilled \(relativeAge(of: $0.time, at: now)): \($0.word)" } ?? ", never drilled"
                return "target \(target.name): \(counted(target.backups, "backup")), the newest \(relativeAge(of: newest, at: now))\(drill)"
            }
            return lines.isEmpty ? ["there is no target yet"] : lines
        case .standby:
            let hosts = targets.flatMap { target in target.standbys.map { "a standby on \($0), in sync through \(target.name)" } }
            return hosts.isEmpty ? ["there is no standby yet"] : hosts
        }
    }

    private func steps(_ situation: Situation) -> [String] {
        let chosen = targets.filter { $0.problem == nil }.max {
            ($0.newest ?? Timestamp(seconds: 0)) < ($1.newest ?? Timestamp(seconds: 0))
        }
        let target = chosen?.name ?? "NAME"
        let from = chosen.map { $0.path.isEmpty ? "PATH" : $0.path } ?? "PATH"
        let prepare = targets.isEmpty ? ["holdfast target add NAME PATH\(suffix)"] : []
        switch situation {
        case .pointInTime:
            return [
                "holdfast snapshot ls\(suffix)", "holdfast snapshot diff OLDER NEWER\(suffix)",
                "holdfast snapshot restore NAME --dry-run\(suffix)",
                "holdfast snapshot restore NAME\(suffix)", "holdfast snapshot undo\(suffix)      if that was wrong",
            ]
        case .beforeChange:
            return [
                "holdfast snapshot create before-change --reason WHY\(suffix)", "holdfast snapshot pin before-change\(suffix)",
                "make the change, look at it", "holdfast snapshot restore before-change\(suffix)      if it was wrong",
                "holdfast snapshot unpin before-change\(suffix)",
            ]
        case .priorState:
            return prepare + [
                "holdfast backup ls\(suffix)", "holdfast backup drill BACKUP --target \(target)\(suffix)",
                "holdfast cluster delete\(suffix)      where something is left of it",
                "holdfast cluster restore BACKUP --from \(from)\(suffix)",
            ]
        case .otherHardware, .virtualMachine, .removeNode:
            return prepare + [
                "holdfast backup create --target \(target)\(suffix)", "holdfast backup drill latest --target \(target)\(suffix)",
                "on the new hosts: write NEWFILE, a cluster file with their paths and stores (docs/cluster-file.md)",
                "holdfast cluster restore BACKUP --from \(from) -c NEWFILE",
            ]
        case .otherRelease:
            return prepare + [
                "holdfast backup create --target \(target)\(suffix)", "install the other release; name it in NEWFILE",
                "holdfast cluster restore BACKUP --from \(from) -c NEWFILE", "let the cluster's software migrate what was restored",
            ]
        case .takeOver:
            let often = "holdfast backup policy create often --target \(target) --every 1h --keep 24@1h,7@1d --drill 1w\(suffix)"
            return prepare + (chosen?.hasPolicy == true ? [] : [often]) + [
                "on the other host, which must reach \(target) too: write standby.yaml (docs/operations.md, A standby cluster)",
                "there: holdfast standby start --from \(from) --cluster \(cluster) -c standby.yaml",
                "let holdfast serve run on both", "now and then: holdfast standby promote --rehearse -c standby.yaml",
                "when production fails: holdfast standby promote -c standby.yaml",
            ]
        }
    }
}
