-- What somebody does to the zoo. Run in the database postgres.
\set ON_ERROR_STOP on
SET client_min_messages = error;
CREATE ROLE stray;
CREATE DATABASE stray OWNER stray;
ALTER ROLE maker NOCREATEDB;
DROP ROLE closed;
REVOKE readers FROM writers;
ALTER ROLE readers RESET ALL;
GRANT writers, pg_signal_backend TO maker;
ALTER ROLE maker SET work_mem = '1MB';
ALTER ROLE maker VALID UNTIL '2027-01-01' CONNECTION LIMIT 1 PASSWORD 'stray';
COMMENT ON ROLE maker IS 'stray';
REVOKE ALL ON PARAMETER "zoo.other" FROM readers;
GRANT SET ON PARAMETER maintenance_work_mem TO readers;
ALTER TABLESPACE "zoo space" SET (seq_page_cost = 3);
GRANT CREATE ON TABLESPACE "zoo space" TO readers;
COMMENT ON ROLE "zoo owner" IS NULL;
COMMENT ON TABLESPACE "zoo space" IS 'changed';
ALTER DATABASE zoo CONNECTION LIMIT 5;
COMMENT ON DATABASE zoo IS NULL;
DROP DATABASE icu;
ALTER DATABASE zoo SET lock_timeout = '1min';
ALTER ROLE maker IN DATABASE zoo SET work_mem = '2MB';
\connect zoo
SET zoo.allowed = 'yes';
DROP TABLE public.guarded, public.sale_rest CASCADE;
UPDATE public.animal SET mood = 'sad';
SELECT lo_unlink(70001), nextval('public.s_int');
COMMENT ON TABLE public.animal IS 'changed';
CREATE TABLE public.stray (id int);
\connect ascii
DELETE FROM raw;
\connect latin1
SET client_encoding = 'UTF8';
DROP TABLE "Schöne"."Bücher é";
