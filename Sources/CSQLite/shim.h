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

/// The first bytes of the database file, read through SQLite's own descriptor of it and without a lock. Gives a result code.
static inline int holdfast_sqlite_header(sqlite3 *db, void *bytes, int count) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    return file && file->pMethods ? file->pMethods->xRead(file, bytes, count, 0) : SQLITE_CANTOPEN;
}
