import Glibc
import HostIO
import Model

extension ClusterFile {
    /// Throws `refused` when others could change a program that a command of the file names by its path.
    func checkCommands() throws {
        let users = TrustedUsers.present()
        for command in commands {
            for path in ShellPrograms.paths(in: command.text) {
                guard let kind = try? statusOfPath(path)?.kind, kind == .file, let distrust = TrustedWay(path, users).distrust else {
                    continue
                }
                throw distrust.failure(.refused, "the command “\(command.place)” of \(self.path)")
            }
        }
    }
}
