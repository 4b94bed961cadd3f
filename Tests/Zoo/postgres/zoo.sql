-- Every kind of object that a database can hold, without extensions. Run in the database zoo.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT current_setting('server_version_num')::int >= 160000 AS v16, current_setting('server_version_num')::int >= 170000 AS v17,
  current_setting('server_version_num')::int >= 180000 AS v18,
  (SELECT count(*) > 9 FROM pg_collation WHERE collprovider = 'i') AS icu,
  (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') AS lz4,
  EXISTS (SELECT FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%--with-libxml%') AS xml \gset
SET search_path = public;
SET DateStyle = 'ISO, MDY';

-- Schemas.
CREATE SCHEMA "odd Schema" AUTHORIZATION "zoo owner";
CREATE SCHEMA tools;
CREATE SCHEMA "Schema ""q"". 100%
🦒";
GRANT USAGE ON SCHEMA tools TO readers WITH GRANT OPTION;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA tools IS 'functions';
COMMENT ON SCHEMA public IS 'another comment than the usual';

-- Types.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "odd"', 'happy');
ALTER TYPE mood ADD VALUE 'between' BEFORE 'happy';
CREATE TYPE pair AS (x int, y text COLLATE "C");
ALTER TYPE pair ADD ATTRIBUTE z mood;
CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = many_floats);
CREATE TYPE shell;
CREATE TYPE base;
CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, INTERNALLENGTH = VARIABLE, STORAGE = extended, CATEGORY = 'U', DEFAULT = 'none', DELIMITER = '/');
CREATE DOMAIN positive AS int DEFAULT 1 CONSTRAINT above CHECK (VALUE > 0) CONSTRAINT known NOT NULL;
CREATE DOMAIN email AS text COLLATE "C" CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE DOMAIN late AS int;
ALTER DOMAIN late ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
CREATE DOMAIN pairs AS pair[] CHECK (cardinality(VALUE) < 9);
GRANT USAGE ON TYPE mood TO readers;
REVOKE ALL ON TYPE pair FROM PUBLIC;
COMMENT ON TYPE mood IS 'how it is';
COMMENT ON DOMAIN email IS 'an address';
COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'above nothing';
COMMENT ON COLUMN pair.x IS 'the first';
ALTER TYPE mood OWNER TO "zoo owner";

-- Collations and conversions.
CREATE COLLATION "c copy" FROM "C";
COMMENT ON COLLATION "c copy" IS 'the same';
\if :icu
CREATE COLLATION numbers (provider = icu, locale = 'en-u-kn-true');
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\endif
\if :v17
CREATE COLLATION inbuilt (provider = builtin, locale = 'C.UTF-8');
\endif
CREATE CONVERSION my_latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION my_latin IS 'the usual';

-- Languages, functions, procedures, aggregates.
-- A dump keeps a language that is no extension only with functions of its own.
CREATE FUNCTION tools.call() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION tools.inline(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE LANGUAGE plzoo HANDLER tools.call INLINE tools.inline;
COMMENT ON LANGUAGE plzoo IS 'another plpgsql';
CREATE TRUSTED LANGUAGE pltrusted HANDLER tools.call;
GRANT USAGE ON LANGUAGE pltrusted TO readers;
CREATE FUNCTION tools.add(a int, b int DEFAULT 2, VARIADIC rest int[] DEFAULT '{}') RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 7
  AS $q$ SELECT a + b + coalesce((SELECT sum(r)::int FROM unnest(rest) r), 0) $q$;
CREATE FUNCTION tools.in_zoo() RETURNS int LANGUAGE plzoo AS 'BEGIN RETURN 3; END';
CREATE FUNCTION tools.rows(OUT id int, OUT name text) RETURNS SETOF record LANGUAGE plpgsql ROWS 5 SET work_mem = '9MB' SET "zoo.custom" = 'x, y'
  AS $body$ BEGIN id := 1; name := $$it's;$$; RETURN NEXT; END $body$;
CREATE FUNCTION tools.secret() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = tools, pg_temp LEAKPROOF AS 'SELECT current_user::text';
REVOKE ALL ON FUNCTION tools.secret() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tools.secret() TO readers WITH GRANT OPTION;
CREATE FUNCTION tools.half(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n / 2;
CREATE FUNCTION tools."odd; name"() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT tools.half(4); END;
CREATE PROCEDURE tools.work(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
CREATE FUNCTION tools.raises(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF $1 < 0 THEN RAISE EXCEPTION ''no''; END IF; RETURN true; END';
CREATE FUNCTION tools.supported(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT SUPPORT textlike_support AS 'textlike';
CREATE FUNCTION tools.numbered() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';
CREATE AGGREGATE tools.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE);
CREATE AGGREGATE tools.nth(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA,
  FINALFUNC_MODIFY = READ_WRITE);
COMMENT ON FUNCTION tools.half(int) IS 'half';
COMMENT ON PROCEDURE tools.work(int) IS 'works';
COMMENT ON AGGREGATE tools.total(int) IS 'adds';
ALTER FUNCTION tools.half(int) OWNER TO writers;

-- Casts, operators, operator families and classes, transforms, access methods.
CREATE FUNCTION tools.mood_number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)';
CREATE CAST (mood AS int) WITH FUNCTION tools.mood_number(mood) AS ASSIGNMENT;
CREATE CAST (base AS text) WITHOUT FUNCTION;
CREATE CAST (text AS base) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (mood AS int) IS 'its length';
CREATE FUNCTION tools.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3';
CREATE OPERATOR tools.=~= (LEFTARG = int, RIGHTARG = int, FUNCTION = tools.near, COMMUTATOR = OPERATOR(tools.=~=), RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR tools.!!! (RIGHTARG = int, FUNCTION = tools.half);
COMMENT ON OPERATOR tools.=~= (int, int) IS 'near';
CREATE OPERATOR FAMILY tools.reverse_ops USING btree;
CREATE FUNCTION tools.reversed(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR CLASS tools.reverse_int FOR TYPE int USING btree FAMILY tools.reverse_ops AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=,
  OPERATOR 5 <, FUNCTION 1 tools.reversed(int, int);
COMMENT ON OPERATOR CLASS tools.reverse_int USING btree IS 'from the end';
COMMENT ON OPERATOR FAMILY tools.reverse_ops USING btree IS 'from the end';
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'of numbers';
CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD other_gist TYPE INDEX HANDLER gisthandler;
CREATE OPERATOR CLASS tools.boxes DEFAULT FOR TYPE box USING other_gist AS OPERATOR 3 && (box, box), FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal),
  FUNCTION 2 gist_box_union(internal, internal), FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
  FUNCTION 7 gist_box_same(box, box, internal);
COMMENT ON ACCESS METHOD other_heap IS 'heap';

-- Text search.
CREATE TEXT SEARCH DICTIONARY simple_words (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION words (COPY = english);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR word, asciiword WITH simple_words, english_stem;
CREATE TEXT SEARCH TEMPLATE my_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER my_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
COMMENT ON TEXT SEARCH DICTIONARY simple_words IS 'words';
COMMENT ON TEXT SEARCH CONFIGURATION words IS 'words';
COMMENT ON TEXT SEARCH TEMPLATE my_template IS 'words';
COMMENT ON TEXT SEARCH PARSER my_parser IS 'words';

-- Sequences of every type.
CREATE SEQUENCE s_small AS smallint INCREMENT 3 MINVALUE -5 MAXVALUE 100 START 7 CACHE 5 CYCLE;
CREATE SEQUENCE s_int AS int;
CREATE SEQUENCE s_big AS bigint INCREMENT -1 START 9223372036854775807 MAXVALUE 9223372036854775807 MINVALUE 1;
CREATE SEQUENCE s_never;
CREATE UNLOGGED SEQUENCE s_unlogged;
SELECT nextval('s_small'), nextval('s_small'), nextval('s_big'), setval('s_int', 17, true), setval('s_never', 5, false), nextval('s_unlogged');
GRANT USAGE ON SEQUENCE s_int TO readers;
COMMENT ON SEQUENCE s_int IS 'numbers';

-- Tables.
CREATE TABLE animal (
  id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10) PRIMARY KEY,
  tag serial, name text NOT NULL, gone text, mood mood DEFAULT 'ok', spot pair, many pair[], weight numeric(12, 3) CHECK (weight > 0),
  born date, seen timestamptz, day timestamp, span interval, hour timetz, price money, net cidr, host inet, mac macaddr8, u uuid, bits bit varying(9),
  fixed char(7), raw bytea, j json, jb jsonb, doc tsvector, q tsquery, place point, area polygon, r floats, mr many_floats, days daterange, moments tstzmultirange,
  real4 float4, real8 float8, num numeric, p positive, mail email, lt late, list text[], grid int[][], b base, path jsonpath, id8 xid8, obj oid, lsn pg_lsn,
  double_weight numeric GENERATED ALWAYS AS (weight * 2) STORED, CONSTRAINT "odd ""constraint""" UNIQUE NULLS NOT DISTINCT (name, born), EXCLUDE USING gist (area WITH &&)
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE animal DROP COLUMN gone;
ALTER TABLE animal ALTER name SET STATISTICS 250, ALTER name SET (n_distinct = -0.5), ALTER raw SET STORAGE EXTERNAL, ALTER jb SET STORAGE MAIN,
  ALTER doc SET COMPRESSION pglz;
\if :lz4
ALTER TABLE animal ALTER name SET COMPRESSION lz4;
\endif
INSERT INTO animal (name, mood, spot, many, weight, born, seen, day, span, hour, price, net, host, mac, u, bits, fixed, raw, j, jb, doc, q, place, area, r, mr, days, moments,
  real4, real8, num, p, mail, lt, list, grid, b, path, id8, obj, lsn)
SELECT 'n' || i || E'\t\\ \n\r\b ü🦒', (ARRAY['sad', 'ok', 'it''s "odd"', 'happy', NULL])[i % 5 + 1]::mood, (i, 'a "b", (c)', 'sad')::pair, ARRAY[(i, NULL, NULL)::pair, NULL], i + 0.125,
  (ARRAY['infinity', '-infinity', '0044-03-15 BC', '2026-01-01'])[i % 4 + 1]::date + CASE i % 4 WHEN 3 THEN i ELSE 0 END,
  (ARRAY['infinity', '-infinity', '4713-01-01 BC', '294276-12-31'])[i % 4 + 1]::timestamptz, '1582-10-15 00:00:00.000001',
  (ARRAY['-1 mon +2 days -03:04:05.678901', '178000000 years', NULL])[i % 3 + 1]::interval, '12:34:56.789+05:45', i * 1.01,
  '10.1.0.0/16', '::ffff:1.2.3.4/120', '08:00:2b:01:02:03:04:05', md5(i::text)::uuid, '10101', 'ab', decode(md5(i::text), 'hex') || '\x00ff5c'::bytea,
  '{"a": 1, "a":  2}', '{"k": [1, 2.50, null, "\u00e4"]}', to_tsvector('english', 'the fat cats sat'), 'fat & (cat:* | !dog)', point(i, 1e-300), polygon(box(point(i * 3, 0), point(i * 3 + 1, 1))),
  floats(i, NULL), many_floats(floats(1, 2), floats(3, 'Infinity')), daterange('2026-01-01', NULL), '{[2026-01-01 00:00+00, infinity]}',
  (ARRAY['NaN', 'Infinity', '-Infinity', '1e-45', '3.4028235e38', '-0'])[i % 6 + 1]::float4, (ARRAY['NaN', 'Infinity', '-Infinity', '5e-324', '0.1', '-0'])[i % 6 + 1]::float8,
  (ARRAY['NaN', 'Infinity', '-Infinity', '1e1000', '0.10'])[i % 5 + 1]::numeric, i, 'a@b', i, ARRAY['NULL', NULL, '', '"', '{}', '\'], ARRAY[[1, 2], [3, NULL]], 'x', '$.a[*] ? (@ > 1)',
  '9223372036854775807', 4294967295, '16/B374D848'
FROM generate_series(1, 60) i;
UPDATE animal SET name = repeat(name, 4000), raw = decode(repeat(md5(id::text), 900), 'hex') WHERE id % 70 = 0;
CREATE INDEX animal_expression ON animal ((upper(name)), born DESC NULLS LAST) INCLUDE (id) WHERE born IS NOT NULL;
ALTER INDEX animal_expression ALTER COLUMN 1 SET STATISTICS 500;
CREATE INDEX animal_gin ON animal USING gin (jb jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX animal_brin ON animal USING brin (id) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX animal_hash ON animal USING hash (u) TABLESPACE "zoo space";
CREATE INDEX animal_spgist ON animal USING spgist (place);
CREATE INDEX animal_reverse ON animal (tag tools.reverse_int);
CREATE UNIQUE INDEX animal_unique ON animal (tag);
CREATE INDEX animal_other ON animal USING other_gist (box(area));
ALTER TABLE animal CLUSTER ON animal_pkey;
ALTER TABLE animal ALTER tag SET NOT NULL;
ALTER TABLE animal REPLICA IDENTITY USING INDEX animal_unique;
GRANT SELECT ON animal TO readers WITH GRANT OPTION;
GRANT UPDATE (name, mood), INSERT (name) ON animal TO writers;
COMMENT ON TABLE animal IS 'all
of them';
COMMENT ON COLUMN animal.name IS 'called';
COMMENT ON CONSTRAINT "odd ""constraint""" ON animal IS 'one only';
COMMENT ON INDEX animal_gin IS 'documents';
ALTER TABLE animal OWNER TO "zoo owner";

CREATE TABLE "Odd. Table ""%"" 🦒" ("Column ""q"". %
x" int, "select" text DEFAULT 'a;b', "ä" date);
INSERT INTO "Odd. Table ""%"" 🦒" VALUES (1, '\.', 'today'), (2, E'\\N', NULL), (NULL, NULL, NULL), (4, '', '2000-01-01');
CREATE TABLE "1234567890123456789012345678901234567890123456789012345678901ä" (id int);
INSERT INTO "1234567890123456789012345678901234567890123456789012345678901ä" VALUES (1);
CREATE TABLE "1234567890123456789012345678901234567890123456789012345678901ö" AS SELECT 2 AS id;
CREATE TABLE "
" (id int);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE only_generated (a int GENERATED ALWAYS AS (7) STORED);
INSERT INTO only_generated DEFAULT VALUES;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, t text);
INSERT INTO unlogged VALUES (1, 'one');
CREATE TEMPORARY TABLE passing (id int);
CREATE TABLE of_type OF pair (x WITH OPTIONS PRIMARY KEY, y DEFAULT 'why');
INSERT INTO of_type VALUES (1, 'one', 'happy');
CREATE TABLE in_space (id int PRIMARY KEY USING INDEX TABLESPACE "zoo space", t text) TABLESPACE "zoo space";
INSERT INTO in_space SELECT i, 't' || i FROM generate_series(1, 50) i;
CREATE TABLE with_other_heap (id int) USING other_heap;
INSERT INTO with_other_heap VALUES (1), (2);
ALTER TABLE with_other_heap REPLICA IDENTITY FULL;
CREATE TABLE nothing_identifies (id int);
ALTER TABLE nothing_identifies REPLICA IDENTITY NOTHING;
CREATE TABLE by_default (id smallint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME by_default_numbers MAXVALUE 99 CYCLE), t text DEFAULT tools.half(4)::text);
INSERT INTO by_default (t) VALUES ('x'), (DEFAULT);
CREATE TABLE checked (id int, CONSTRAINT calls CHECK (tools.raises(id)), CONSTRAINT loose CHECK (id < 5) NOT VALID, CONSTRAINT alone CHECK (id > -9) NO INHERIT);
INSERT INTO checked SELECT generate_series(1, 4);
ALTER TABLE checked ADD COLUMN fast int DEFAULT 42 NOT NULL;
\if :xml
CREATE TABLE documents (x xml);
INSERT INTO documents VALUES ('<a>&#228;</a>'), ('no <b/> root');
\endif
\if :icu
CREATE TABLE sorted (t text COLLATE numbers, c text COLLATE any_case UNIQUE);
INSERT INTO sorted VALUES ('10', 'Ab'), ('9', 'ac');
\endif

-- Circular keys, deferred ones, actions.
CREATE TABLE hen (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, hen int REFERENCES hen DEFERRABLE INITIALLY DEFERRED, self int REFERENCES egg MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (self));
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;
BEGIN; INSERT INTO hen SELECT i, i FROM generate_series(1, 20) i; INSERT INTO egg SELECT i, i, CASE WHEN i > 1 THEN i - 1 END FROM generate_series(1, 20) i; COMMIT;
CREATE TABLE loose_key (hen int);
INSERT INTO loose_key VALUES (999);
ALTER TABLE loose_key ADD CONSTRAINT not_yet FOREIGN KEY (hen) REFERENCES hen NOT VALID;
CREATE TABLE booking (room int, during tsrange, EXCLUDE USING gist (during WITH &&) WHERE (room > 0) DEFERRABLE);
INSERT INTO booking VALUES (1, '[2026-01-01, 2026-01-02)'), (0, '[2026-01-01, 2026-01-02)');

-- Inheritance.
CREATE TABLE parent (id int, t text DEFAULT 'parent', CONSTRAINT ids CHECK (id > 0));
CREATE TABLE second_parent (id int, more text);
CREATE TABLE child (own int, t text DEFAULT 'child') INHERITS (parent, second_parent);
CREATE TABLE grandchild () INHERITS (child);
ALTER TABLE parent ADD COLUMN later int DEFAULT 3;
INSERT INTO parent VALUES (1); INSERT INTO second_parent VALUES (5, 'x'); INSERT INTO child (id, own) VALUES (2, 7); INSERT INTO grandchild (id) VALUES (3);

-- Partitions of partitions, by list, range and hash; other orders of columns, defaults, one attached, one in another schema and space.
CREATE TABLE sale (id bigint GENERATED BY DEFAULT AS IDENTITY, region text, day date, amount numeric, PRIMARY KEY (id, region, day)) PARTITION BY LIST (region);
CREATE TABLE sale_north PARTITION OF sale FOR VALUES IN ('north', NULL) PARTITION BY RANGE (day);
ALTER TABLE sale_north ALTER region SET DEFAULT 'north';
CREATE TABLE sale_north_early PARTITION OF sale_north FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE sale_north_late PARTITION OF sale_north FOR VALUES FROM ('2026-01-01') TO (MAXVALUE) PARTITION BY HASH (id);
CREATE TABLE sale_north_late_0 PARTITION OF sale_north_late FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sale_north_late_1 PARTITION OF sale_north_late FOR VALUES WITH (MODULUS 2, REMAINDER 1) TABLESPACE "zoo space";
CREATE TABLE tools.sale_south (gone int, amount numeric, day date NOT NULL, region text NOT NULL, id bigint NOT NULL);
ALTER TABLE tools.sale_south DROP COLUMN gone;
ALTER TABLE sale ATTACH PARTITION tools.sale_south FOR VALUES IN ('south');
CREATE TABLE sale_rest PARTITION OF sale DEFAULT;
INSERT INTO sale (region, day, amount) SELECT (ARRAY['north', 'south', 'east'])[i % 3 + 1], '2025-12-01'::date + i, i FROM generate_series(1, 90) i;
CREATE INDEX sale_amount ON sale (amount);
CREATE INDEX sale_only ON ONLY sale (day);
CREATE TABLE by_mood (m mood, t text) PARTITION BY HASH (m);
CREATE TABLE by_mood_0 PARTITION OF by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_mood_1 PARTITION OF by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_mood_2 PARTITION OF by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_mood SELECT m, 'row ' || i FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 5) i;
CREATE TABLE refers (id bigint, region text, day date, FOREIGN KEY (id, region, day) REFERENCES sale);
INSERT INTO refers SELECT id, region, day FROM sale LIMIT 5;
CREATE TABLE empty_root (id int) PARTITION BY RANGE (id);

-- Bulk data, in ways that a backup without it has to follow.
CREATE TABLE fact_sale (id int PRIMARY KEY, amount numeric, next int REFERENCES fact_sale);
CREATE TABLE fact_parted (k int, t text) PARTITION BY RANGE (k);
CREATE TABLE fact_parted_1 PARTITION OF fact_parted FOR VALUES FROM (0) TO (10);
CREATE TABLE "fact_Odd. "" %" (id serial, sale int NOT NULL);
INSERT INTO fact_sale SELECT i, i / 3.0, i FROM generate_series(1, 40) i;
INSERT INTO fact_parted VALUES (1, 'one'), (2, 'two');
INSERT INTO "fact_Odd. "" %" (sale) SELECT i FROM generate_series(1, 9) i;
CREATE MATERIALIZED VIEW of_bulk AS SELECT count(*) FROM fact_sale;

-- Views, rules, triggers.
CREATE VIEW heavy AS SELECT id, name, weight FROM animal WHERE weight > 5 WITH LOCAL CHECK OPTION;
CREATE VIEW "Odd view" WITH (security_invoker = true, security_barrier = true) AS SELECT * FROM heavy WHERE id > 0 WITH CASCADED CHECK OPTION;
ALTER VIEW heavy ALTER COLUMN weight SET DEFAULT 9;
CREATE RECURSIVE VIEW numbers_view (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers_view WHERE n < 5;
CREATE VIEW circular AS SELECT 1 AS a;
CREATE VIEW circular_user AS SELECT * FROM circular;
CREATE OR REPLACE VIEW circular AS SELECT a FROM (SELECT 2 AS a) x;
CREATE MATERIALIZED VIEW totals WITH (fillfactor = 80) AS SELECT mood, count(*) AS n, sum(weight) AS w FROM animal GROUP BY mood;
CREATE UNIQUE INDEX totals_mood ON totals (mood);
ALTER MATERIALIZED VIEW totals CLUSTER ON totals_mood;
CREATE MATERIALIZED VIEW unfilled AS SELECT * FROM totals WITH NO DATA;
CREATE MATERIALIZED VIEW of_matview AS SELECT * FROM totals WHERE n > 0;
CREATE TABLE noted (at timestamptz DEFAULT now(), what text);
CREATE RULE note_heavy AS ON UPDATE TO noted WHERE new.what = 'x' DO ALSO INSERT INTO noted (what) VALUES ('rule');
CREATE RULE "no delete" AS ON DELETE TO noted DO INSTEAD NOTHING;
CREATE RULE switched_off AS ON INSERT TO noted DO ALSO NOTIFY other;
ALTER TABLE noted DISABLE RULE switched_off;
INSERT INTO noted VALUES ('2026-01-01', 'made');
COMMENT ON RULE "no delete" ON noted IS 'stay';
COMMENT ON VIEW heavy IS 'heavy';
COMMENT ON MATERIALIZED VIEW totals IS 'totals';
GRANT SELECT ON heavy TO readers;
GRANT SELECT (mood) ON totals TO readers;
CREATE FUNCTION tools.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.noted (what) VALUES (TG_NAME); RETURN NEW; END $$;
CREATE TRIGGER touched AFTER INSERT OR UPDATE OF name ON animal FOR EACH ROW WHEN (new.weight > 100) EXECUTE FUNCTION tools.touch('a', 'b''c');
CREATE TRIGGER whole AFTER UPDATE ON animal REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tools.touch();
CREATE CONSTRAINT TRIGGER late_check AFTER INSERT ON checked DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tools.touch();
CREATE TRIGGER always BEFORE INSERT ON checked FOR EACH ROW EXECUTE FUNCTION tools.touch();
ALTER TABLE checked ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER off BEFORE DELETE ON checked FOR EACH ROW EXECUTE FUNCTION tools.touch();
ALTER TABLE checked DISABLE TRIGGER off;
CREATE TRIGGER for_replicas BEFORE TRUNCATE ON checked EXECUTE FUNCTION tools.touch();
ALTER TABLE checked ENABLE REPLICA TRIGGER for_replicas;
CREATE TRIGGER on_root AFTER INSERT ON sale FOR EACH ROW EXECUTE FUNCTION tools.touch();
ALTER TABLE sale_rest DISABLE TRIGGER on_root;
CREATE TRIGGER instead INSTEAD OF INSERT ON "Odd view" FOR EACH ROW EXECUTE FUNCTION tools.touch();
COMMENT ON TRIGGER touched ON animal IS 'notes';

-- Row security.
CREATE TABLE guarded (id int, who text);
INSERT INTO guarded SELECT i, CASE WHEN i % 2 = 0 THEN 'zoo owner' ELSE 'readers' END FROM generate_series(1, 30) i;
ALTER TABLE guarded OWNER TO "zoo owner";
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON guarded AS PERMISSIVE FOR SELECT TO readers, "Zoë 🦒" USING (who = current_user);
CREATE POLICY "odd policy" ON guarded AS RESTRICTIVE FOR ALL USING (true) WITH CHECK (id > 0);
COMMENT ON POLICY mine ON guarded IS 'mine';

-- Statistics, large objects.
CREATE STATISTICS wide (ndistinct, dependencies, mcv) ON id, who FROM guarded;
CREATE STATISTICS of_expression ON (lower(who)), (id % 7) FROM guarded;
ALTER STATISTICS wide SET STATISTICS 77;
COMMENT ON STATISTICS wide IS 'both';
SELECT lo_from_bytea(70001, decode(repeat('00ff5c0a', 5000), 'hex')), lo_from_bytea(70002, ''), lo_from_bytea(70003, 'third');
ALTER LARGE OBJECT 70001 OWNER TO "zoo owner";
GRANT SELECT ON LARGE OBJECT 70001 TO readers WITH GRANT OPTION;
GRANT UPDATE ON LARGE OBJECT 70003 TO PUBLIC;
COMMENT ON LARGE OBJECT 70002 IS 'an empty one';

-- Foreign things.
CREATE FOREIGN DATA WRAPPER nothing OPTIONS (a 'it''s');
CREATE SERVER elsewhere TYPE 'odd' VERSION '1' FOREIGN DATA WRAPPER nothing OPTIONS (host 'nowhere.invalid');
CREATE USER MAPPING FOR readers SERVER elsewhere OPTIONS (password 'p''w');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere;
CREATE FOREIGN TABLE far (id int OPTIONS (column_name 'x') NOT NULL, t text DEFAULT 'f', CHECK (id > 0)) SERVER elsewhere OPTIONS (path '/x');
CREATE TABLE mixed (id int) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES FROM (0) TO (9) SERVER elsewhere;
CREATE TABLE mixed_near PARTITION OF mixed FOR VALUES FROM (9) TO (99);
INSERT INTO mixed_near VALUES (10);
GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO readers;
GRANT USAGE ON FOREIGN SERVER elsewhere TO readers;
COMMENT ON FOREIGN DATA WRAPPER nothing IS 'none';
COMMENT ON SERVER elsewhere IS 'there';
COMMENT ON FOREIGN TABLE far IS 'far';

-- Publications and subscriptions.
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, truncate', publish_via_partition_root = true);
CREATE PUBLICATION "some" FOR TABLE guarded (id, who) WHERE (id > 5), hen;
CREATE PUBLICATION "in schemas" FOR TABLES IN SCHEMA tools, "odd Schema";
CREATE PUBLICATION none;
ALTER PUBLICATION "some" OWNER TO keeper;
COMMENT ON PUBLICATION "some" IS 'some';
CREATE SUBSCRIPTION waiting CONNECTION 'host=nowhere.invalid dbname=''x''' PUBLICATION a, "B" WITH (connect = false, slot_name = NONE, enabled = false, binary = true);
COMMENT ON SUBSCRIPTION waiting IS 'for nobody';

-- Default privileges.
ALTER DEFAULT PRIVILEGES FOR ROLE "zoo owner" IN SCHEMA tools GRANT SELECT ON TABLES TO readers;
ALTER DEFAULT PRIVILEGES FOR ROLE "zoo owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO readers WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE writers GRANT CREATE ON SCHEMAS TO readers;

-- Rights on what the system has.
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_authid TO readers;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO readers;

-- Later releases.
\if :v16
CREATE TABLE stored (t text STORAGE EXTERNAL, n int);
INSERT INTO stored VALUES (repeat('x', 9000), 1);
CREATE FUNCTION tools.json_is(j text) RETURNS boolean LANGUAGE sql RETURN j IS JSON OBJECT WITH UNIQUE KEYS;
\endif
\if :v17
CREATE FUNCTION tools.merges() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC
  MERGE INTO public.hen h USING public.egg e ON h.id = e.hen WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN MATCHED THEN UPDATE SET egg = e.id RETURNING h.id; END;
CREATE TABLE identity_parted (id int GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k);
CREATE TABLE identity_parted_1 PARTITION OF identity_parted FOR VALUES IN (1);
INSERT INTO identity_parted (k) VALUES (1), (1);
GRANT MAINTAIN ON TABLE hen TO readers;
GRANT pg_maintain TO writers;
CREATE TABLE parted_heap (k int) PARTITION BY LIST (k) USING other_heap;
\else
CREATE FUNCTION tools.merges() RETURNS void LANGUAGE plpgsql AS $$ BEGIN MERGE INTO public.hen h USING public.egg e ON h.id = e.hen WHEN MATCHED THEN DO NOTHING; END $$;
\endif
\if :v18
CREATE TABLE newest (a int CONSTRAINT "a is there" NOT NULL, b int GENERATED ALWAYS AS (a * 2) VIRTUAL, c int, CONSTRAINT unproven CHECK (a > 5) NOT ENFORCED,
  CONSTRAINT apart NOT NULL c NO INHERIT);
INSERT INTO newest (a, c) VALUES (1, 1), (2, 2);
CREATE TABLE loose_null (id int);
INSERT INTO loose_null VALUES (NULL);
ALTER TABLE loose_null ADD CONSTRAINT later_there NOT NULL id NOT VALID;
CREATE TABLE newest_key (a int REFERENCES hen NOT ENFORCED, during daterange, k int4range, CONSTRAINT in_time PRIMARY KEY (k, during WITHOUT OVERLAPS));
INSERT INTO newest_key VALUES (77, '[2026-01-01, 2026-02-01)', '[1, 2)'), (NULL, '[2026-02-01, 2026-03-01)', '[1, 2)');
CREATE TABLE in_period (k int4range, during daterange, FOREIGN KEY (k, PERIOD during) REFERENCES newest_key (k, PERIOD during));
INSERT INTO in_period VALUES ('[1, 2)', '[2026-01-05, 2026-02-05)');
CREATE PUBLICATION generated FOR TABLE animal WITH (publish_generated_columns = stored);
ALTER DEFAULT PRIVILEGES FOR ROLE "zoo owner" GRANT SELECT ON LARGE OBJECTS TO readers;
\endif

-- An index whose making failed.
CREATE TABLE twice (id int);
INSERT INTO twice VALUES (1), (1);
\set ON_ERROR_STOP off
CREATE UNIQUE INDEX CONCURRENTLY twice_invalid ON twice (id);
\set ON_ERROR_STOP on
SET client_min_messages = error;

-- Event triggers come last: they see what is made.
CREATE FUNCTION tools.on_command() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('zoo.allowed', true) IS DISTINCT FROM 'yes' AND tg_tag NOT IN ('ALTER EVENT TRIGGER', 'COMMENT') THEN RAISE EXCEPTION 'nothing is made here: %', tg_tag; END IF; END $$;
CREATE EVENT TRIGGER forbids ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE', 'ALTER TABLE', 'CREATE INDEX', 'CREATE SCHEMA', 'DROP SCHEMA') EXECUTE FUNCTION tools.on_command();
CREATE EVENT TRIGGER for_all ON ddl_command_end EXECUTE FUNCTION tools.on_command();
ALTER EVENT TRIGGER for_all DISABLE;
COMMENT ON EVENT TRIGGER forbids IS 'forbids';
ALTER EVENT TRIGGER forbids ENABLE ALWAYS;
