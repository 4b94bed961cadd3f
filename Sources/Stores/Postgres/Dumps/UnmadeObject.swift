import Archiving
import Model
import StoreContract

/// Something of a dump that a server refuses to make, while everything else of it is made.
struct UnmadeObject: Hashable, Sendable {
    var database: String
    /// The beginning of its statement, or `the rows of public.account`.
    var what: String
    /// The server's words, and what stands there in its place.
    var reason: String
    /// SQL that makes it whole once the cause is gone; nil where there is none.
    var remedy: String?
    /// Rows are missing, not only what is made of them.
    var isOfRows = false

    init(_ database: String, _ what: String, _ reason: String, remedy: String?) {
        self.database = database
        self.what = what
        self.reason = reason
        self.remedy = remedy
    }

    static func rows(of relation: String, _ database: String, _ reason: String) -> UnmadeObject {
        var object = UnmadeObject(database, "the rows of \(printable(relation, limit: 150))", reason, remedy: nil)
        object.isOfRows = true
        return object
    }

    var issue: EntryIssue {
        let words = remedy.map { "\(reason); run when the cause is gone: \($0)" } ?? reason
        return EntryIssue(kind: .unrestored, path: "\(printable(database, limit: 100)): \(what)", detail: printable(words, limit: 2000))
    }

    /// Of a backup that is made of a server which lacks it.
    var loss: EntryIssue { EntryIssue(kind: .unreadable, path: issue.path, detail: issue.detail) }

    /// Nil where there is none, or where `psql` would take some of it for a command of its own.
    var laterSQL: RestoreRemedy? {
        remedy.flatMap { sql in
            SQLStatements(ByteText.bytes(sql)).allSatisfy { !$0.hasCommand }
                ? RestoreRemedy(database: database, what: what, reason: reason, sql: sql) : nil
        }
    }

    /// With what is to be done later.
    var words: String { text + (remedy.map { "; run when the cause is gone: \(printable($0, limit: 1500))" } ?? "") }

    /// One line.
    var text: String { "\(what) in \(printable(database, limit: 100)) cannot be made: \(reason)" }
}

/// A database that is there, with tables in it, is better than one that lacks rows: it stays as it is.
struct RowsRefused: FailureConvertible {
    var server: String
    var object: UnmadeObject

    var failure: Failure {
        Failure(
            .store, "\(server): cannot load \(object.what) in \(object.database)", hint: "see what the server says", cause: object.reason)
    }

    var issue: EntryIssue {
        EntryIssue(
            kind: .unrestored, path: printable(object.database, limit: 100),
            detail: printable("it was left as it is, because the server refuses \(object.what): \(object.reason)", limit: 2000))
    }
}

extension PostgresError {
    /// The server works and has refused this one thing: no lack of memory, room or time, nobody's end, no fault of its files (PostgreSQL, appendix
    /// "Error Codes").
    ///
    /// What a view of a foreign server says when that does not answer is about the view; libpq gives no code where its own server is gone.
    var isRefusal: Bool {
        !state.isEmpty && !["53", "57"].contains(state.prefix(2)) && !["55P03", "58000", "58030", "XX001", "XX002"].contains(state)
    }

    /// The same thing is there already (duplicate_table, duplicate_object; a table has a primary key).
    func saysItIsThere(_ statement: String) -> Bool {
        ["42P07", "42710"].contains(state) || state == "42P16" && statement.contains(" PRIMARY KEY ")
    }
}
