import Clusters
import HostIO
import Wiring

extension Drivers {
    /// The real stores and storages, as `main` names them.
    static let real = real(JobControl())
}
