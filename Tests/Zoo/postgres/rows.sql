-- What a dump without rows does not tell of a database, a line each, led by what it belongs to.
-- Columns come in the order of their names, and rows of a table that is divided by hashes under its name: which partition a hash leads to depends on numbers of the catalogue.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET row_security = off;
SET search_path = pg_catalog;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = postgres;
SET TimeZone = 'UTC';
SET bytea_output = hex;
SET extra_float_digits = 3;
CREATE TEMPORARY VIEW own AS SELECT c.* FROM pg_class c WHERE c.oid >= 16384 AND relpersistence <> 't'
  AND relnamespace <> 'pg_catalog'::regnamespace AND relnamespace::regnamespace::text !~ '^pg_toast';
SELECT format('COPY (SELECT %L%s FROM ONLY %s t) TO STDOUT',
    format('rows of %s%s', CASE relpersistence WHEN 'u' THEN 'unlogged ' END, coalesce('the partitions of ' || p.partrelid::regclass::text, c.oid::regclass::text)),
    (SELECT string_agg(', ' || quote_ident(attname), '' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), c.oid::regclass)
  FROM own c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_partitioned_table p ON p.partrelid = i.inhparent AND p.partstrat = 'h'
  WHERE relkind IN ('r', 'm') AND relispopulated ORDER BY 1 \gexec
SELECT format('SELECT %L || last_value || '' '' || is_called FROM %s', format('values of %s ', oid::regclass), oid::regclass) FROM own WHERE relkind = 'S' ORDER BY 1 \gexec
SELECT 'filled: ' || oid::regclass || ' ' || relispopulated FROM own WHERE relkind = 'm';
SELECT 'columns of ' || attrelid::regclass || ': ' || string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute JOIN own ON own.oid = attrelid
  WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'f') GROUP BY attrelid;
SELECT 'dropped columns of ' || attrelid::regclass || ': ' || count(*) FROM pg_attribute WHERE attisdropped GROUP BY attrelid;
SELECT 'invalid index: ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid;
-- Numbers of large objects that rows have are kept as well; those of the database contrib are given by the server.
SELECT 'large object ' || CASE current_database() WHEN 'contrib' THEN '' ELSE m.oid || ' ' END || lomowner::regrole || ' ' || coalesce(lomacl::text, '-') || ' ' || md5(lo_get(m.oid)) || ' '
    || coalesce(obj_description(m.oid, 'pg_largeobject'), '-') FROM pg_largeobject_metadata m;
SELECT 'prepared: ' || gid FROM pg_prepared_xacts WHERE database = current_database();
SELECT 'setting of the server: ' || name || ' = ' || setting FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' AND current_database() = 'postgres';
