import CPQ
import Glibc
import HostIO

/// Rows as `COPY` has them in text: a line a row.
extension PostgresConnection {
    /// Runs `COPY … FROM STDIN` with what `body` sends. When it throws, nothing of it is in the table.
    func copyIn(_ statement: String, as operation: String, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws {
        try begin(statement, operation, PGRES_COPY_IN)
        do {
            try body { bytes in
                guard let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return }
                guard PQputCopyData(handle, base, Int32(bytes.count)) == 1 else { throw broken(operation) }
            }
        } catch {
            _ = PQputCopyEnd(handle, "given up")
            let told = Result { try end(operation) }
            // What the server says against the rows is why sending failed.
            if error is PostgresError, case .failure(let problem as PostgresError) = told, !problem.isCancelled { throw problem }
            throw error
        }
        guard PQputCopyEnd(handle, nil) == 1 else { throw broken(operation) }
        try end(operation)
    }

    /// Runs `COPY … TO STDOUT` and gives `each` every row, its newline included. After a throw the session is of no use.
    func copyOut(_ statement: String, as operation: String, _ each: (UnsafeRawBufferPointer) throws -> Void) throws {
        try begin(statement, operation, PGRES_COPY_OUT)
        while true {
            var row: UnsafeMutablePointer<CChar>?
            var count = PQgetCopyData(handle, &row, 1)
            if count == 0 {
                guard PQconsumeInput(handle) == 1 else { throw broken(operation) }
                count = PQgetCopyData(handle, &row, 1)
            }
            if count == 0 {
                // A server sends 8 KiB at a time, and waking somebody for each costs it more than sending them.
                sleepThread(for: .microseconds(100))
                count = PQgetCopyData(handle, &row, 0)
            }
            guard count > 0, let row else {
                guard count == -1 else { throw broken(operation) }
                return try end(operation)
            }
            defer { PQfreemem(row) }
            try each(UnsafeRawBufferPointer(start: row, count: Int(count)))
        }
    }

    private func begin(_ statement: String, _ operation: String, _ expected: ExecStatusType) throws {
        let result = run(statement)
        defer { PQclear(result) }
        guard PQresultStatus(result) != expected else { return }
        try check(result, operation)
        throw broken(operation)
    }

    /// All that is left of a command's results; the first failure is thrown.
    private func end(_ operation: String) throws {
        var problem: PostgresError?
        while let result = PQgetResult(handle) {
            defer { PQclear(result) }
            // The text of one that broke off asks for more of it.
            if PQresultStatus(result) == PGRES_COPY_IN || PQresultStatus(result) == PGRES_COPY_OUT { break }
            do { try check(result, operation) } catch { problem = problem ?? error }
        }
        if let problem { throw problem }
    }

    private func broken(_ operation: String) -> PostgresError {
        PostgresError(state: "", message: Self.line(PQerrorMessage(handle)), server: server, operation: operation)
    }
}
