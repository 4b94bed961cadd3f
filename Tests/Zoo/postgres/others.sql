-- The other databases of the zoo. Run in the database postgres, with
--   :line_feeds    whether a database has one in its name
--   :bytes         whether names are there that are in no encoding
--   :no_extension  extensions that are left out, as an array
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT current_setting('server_version_num')::int >= 170000 AS v17, (SELECT count(*) > 9 FROM pg_collation WHERE collprovider = 'i') AS icu \gset

CREATE TABLE public.of_postgres (id int);
INSERT INTO public.of_postgres VALUES (1);

\connect latin1
SET client_encoding = 'UTF8';
CREATE SCHEMA "Schöne";
CREATE TABLE "Schöne"."Bücher é" (id int PRIMARY KEY, "Titel ä" text);
INSERT INTO "Schöne"."Bücher é" SELECT i, 'é ' || chr(160 + i) FROM generate_series(1, 90) i;
CREATE TYPE "Größe" AS ENUM ('groß', 'klein');
CREATE FUNCTION "fü"() RETURNS text LANGUAGE sql AS 'SELECT ''ü''::text';
COMMENT ON TABLE "Schöne"."Bücher é" IS 'über';
-- Nobody provides these labels any more, as where the library was removed: they are read and dumped, and cannot be set.
SET allow_system_table_mods = on;
INSERT INTO pg_seclabel VALUES ('"Schöne"."Bücher é"'::regclass, 'pg_class'::regclass, 0, 'nobody', 'secret');
INSERT INTO pg_shseclabel VALUES ('readers'::regrole, 'pg_authid'::regclass, 'nobody', 'secret');
RESET allow_system_table_mods;

\connect ascii
SET client_encoding = 'SQL_ASCII';
CREATE TABLE raw (id int PRIMARY KEY, t text, c char(4));
INSERT INTO raw VALUES (1, E'\xff\xfe not UTF-8', 'ab'), (2, E'\xc3\xa4 UTF-8', NULL), (3, E'tab\t \\ line\n', ''), (4, E'\xe9t\xe9', E'\xe9');
CREATE TABLE "ä in UTF-8" (id int);
INSERT INTO "ä in UTF-8" VALUES (8);
SELECT lo_from_bytea(70009, '\xff00');

\if :bytes
-- Text that is in no encoding, as a name of everything that a query speaks of.
SELECT format('CREATE TABLE %I (id int, %I text CONSTRAINT %I CHECK (%I <> %L)); COMMENT ON TABLE %I IS %L; CREATE TYPE %I AS ENUM (%L)', n, n, n, n, n, n, n, n || 1, n)
  FROM (VALUES (E'caf\xe9 \xff')) v (n) \gexec
SELECT format('INSERT INTO %I VALUES (1, %L)', n, n || 1) FROM (VALUES (E'caf\xe9 \xff')) v (n) \gexec
\endif

\connect "Odd ""name"". 100% 🦒\'x"
CREATE TABLE words AS SELECT 'ä' || i AS w FROM generate_series(1, 9) i;
CREATE INDEX ON words (w);
CREATE VIEW v AS SELECT * FROM words;

\if :line_feeds
\connect 'of\ntwo lines'
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO t VALUES (1), (2);
\endif

\if :icu
\connect icu
CREATE TABLE words AS SELECT 'ä' || i AS w FROM generate_series(1, 9) i;
CREATE INDEX ON words (w);
\endif
\if :v17
\connect builtin
CREATE TABLE words AS SELECT 'ä' || i AS w FROM generate_series(1, 9) i;
CREATE INDEX ON words (upper(w));
\endif

\connect contrib
-- Extensions of Debian's postgresql-contrib, as far as this server has them.
SELECT format('CREATE EXTENSION IF NOT EXISTS %I', name) FROM pg_available_extensions
WHERE name <> ALL (:'no_extension'::text[]) AND name = ANY ('{amcheck,autoinc,bloom,btree_gin,btree_gist,citext,cube,dblink,dict_int,dict_xsyn,earthdistance,file_fdw,fuzzystrmatch,hstore,insert_username,intagg,
  intarray,isn,lo,ltree,moddatetime,pageinspect,pg_buffercache,pg_freespacemap,pg_prewarm,pg_stat_statements,pg_surgery,pg_trgm,pg_visibility,pg_walinspect,pgcrypto,
  pgrowlocks,pgstattuple,postgres_fdw,refint,seg,tablefunc,tcn,tsm_system_rows,tsm_system_time,unaccent,uuid-ossp,xml2}'::text[])
ORDER BY name = 'earthdistance', name \gexec
CREATE TABLE kinds (id int PRIMARY KEY, ci citext UNIQUE, h hstore, l ltree, c cube, s seg, b isbn13, ia int[], lobj lo, t text);
INSERT INTO kinds SELECT i, 'Word' || i, hstore('a', i::text), ('Top.n' || i)::ltree, cube(i), '1.5 .. 2.5', '978-0-11-000222-4', ARRAY[i, 2], lo_from_bytea(0, 'of a row'), 'text ' || i
FROM generate_series(1, 40) i;
CREATE INDEX ON kinds USING gin (t gin_trgm_ops);
CREATE INDEX ON kinds USING gist (l);
CREATE INDEX ON kinds USING gin (ia gin__int_ops);
CREATE INDEX ON kinds USING bloom (id, t);
CREATE TABLE ranged (id int, during tsrange, EXCLUDE USING gist (id WITH =, during WITH &&));
INSERT INTO ranged VALUES (1, '[2026-01-01, 2026-01-02)'), (2, '[2026-01-01, 2026-01-02)');
CREATE TRIGGER managed BEFORE UPDATE OR DELETE ON kinds FOR EACH ROW EXECUTE FUNCTION lo_manage(lobj);
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/hostname', format 'text');
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', dbname 'x');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (user 'u', password 'p');
CREATE FOREIGN TABLE remote (id int) SERVER other;
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR hword, word WITH unaccent, simple;
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO readers;
CREATE SCHEMA apart;
ALTER EXTENSION hstore SET SCHEMA apart;
COMMENT ON EXTENSION hstore IS 'another comment';
ALTER EXTENSION citext DROP FUNCTION citextin(cstring);
ALTER EXTENSION citext ADD FUNCTION citextin(cstring);
CREATE INDEX kinds_h ON kinds USING gin (h);
ALTER INDEX kinds_h DEPENDS ON EXTENSION hstore;
CREATE FUNCTION of_extension() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION of_extension() DEPENDS ON EXTENSION citext;
-- Neither committed nor rolled back.
CREATE TABLE undecided (id int);
INSERT INTO undecided VALUES (1);
BEGIN;
INSERT INTO undecided VALUES (2);
PREPARE TRANSACTION 'it''s undecided';
