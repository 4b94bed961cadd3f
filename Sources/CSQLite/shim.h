#include <sqlite3.h>

/// `sqlite3_db_config` for the verbs that take an `int` and give the new setting; Swift cannot call variadic functions.
static inline int holdfast_sqlite_configure(sqlite3 *db, int verb, int on) {
    int now = 0;
    return sqlite3_db_config(db, verb, on, &now);
}

/// `SQLITE_TRANSIENT`, which Swift cannot import: SQLite makes its own copy of the bytes.
static inline int holdfast_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
    return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}
