-- What belongs to the server as a whole: roles, tablespaces, settings, databases. Run in the database postgres, with
--   :place       a directory of the server's, for a tablespace
--   :line_feeds  whether a database has one in its name
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT current_setting('server_version_num')::int >= 160000 AS v16, current_setting('server_version_num')::int >= 170000 AS v17,
  (SELECT count(*) > 9 FROM pg_collation WHERE collprovider = 'i') AS icu \gset

-- Roles of every attribute.
CREATE ROLE keeper SUPERUSER LOGIN;
CREATE ROLE "zoo owner" LOGIN PASSWORD 'secret' VALID UNTIL '2035-06-07 08:09:10+00';
CREATE ROLE old_password LOGIN PASSWORD 'md5d6a35858d61d85e4a82ab1fb044aba9d';
CREATE ROLE no_password LOGIN PASSWORD NULL VALID UNTIL 'infinity';
CREATE ROLE maker CREATEROLE CREATEDB;
CREATE ROLE copier REPLICATION LOGIN;
CREATE ROLE passer BYPASSRLS NOINHERIT CONNECTION LIMIT 3;
CREATE ROLE closed LOGIN CONNECTION LIMIT 0;
CREATE ROLE readers;
CREATE ROLE writers;
CREATE ROLE "Quote "" Dot . Per % cent";
CREATE ROLE "Zoë 🦒";
CREATE ROLE "a role
of two lines";
CREATE ROLE "back\slash 'single' $1";
CREATE ROLE "1234567890123456789012345678901234567890123456789012345678901ä";
GRANT readers TO writers WITH ADMIN OPTION;
GRANT writers TO "zoo owner";
GRANT pg_monitor, pg_read_all_data TO readers;
GRANT "Quote "" Dot . Per % cent" TO "Zoë 🦒", "a role
of two lines";
\if :v16
CREATE ROLE granter CREATEROLE;
GRANT readers TO granter WITH ADMIN TRUE;
GRANT readers TO maker WITH INHERIT FALSE, SET FALSE;
GRANT writers TO maker WITH INHERIT TRUE, SET FALSE, ADMIN TRUE;
GRANT readers TO copier GRANTED BY granter;
\endif
COMMENT ON ROLE "zoo owner" IS 'owns ''most'' of it; -- even this
and this';

-- Settings of roles, and of roles in a database (below).
ALTER ROLE ALL SET statement_timeout = '7min';
ALTER ROLE "zoo owner" SET search_path = "odd Schema", public, pg_temp;
ALTER ROLE "zoo owner" SET work_mem = '17MB';
ALTER ROLE "a role
of two lines" SET application_name = 'it''s
two lines';
ALTER ROLE readers SET default_transaction_read_only = on;
ALTER ROLE readers SET "zoo.custom" = 'custom, with a comma';

-- Rights on parameters.
GRANT SET ON PARAMETER log_min_duration_statement, "zoo.other" TO readers;
GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO "zoo owner" WITH GRANT OPTION;

-- A tablespace.
CREATE TABLESPACE "zoo space" OWNER "zoo owner" LOCATION :'place' WITH (random_page_cost = 1.25, effective_io_concurrency = 7);
GRANT CREATE ON TABLESPACE "zoo space" TO writers WITH GRANT OPTION;
COMMENT ON TABLESPACE "zoo space" IS 'a fast disk';

ALTER SYSTEM SET work_mem = '11MB';

-- Databases.
CREATE DATABASE zoo OWNER "zoo owner" CONNECTION LIMIT 57;
COMMENT ON DATABASE zoo IS 'every kind; "of" object';
REVOKE ALL ON DATABASE zoo FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE zoo TO readers WITH GRANT OPTION;
GRANT CREATE ON DATABASE zoo TO writers;
ALTER DATABASE zoo SET search_path = "odd Schema", public;
ALTER DATABASE zoo SET default_toast_compression = pglz;
ALTER DATABASE zoo SET DateStyle = 'German, DMY';
ALTER DATABASE zoo SET "zoo.custom" = 'with ''quotes'' and \ and %';
ALTER ROLE "zoo owner" IN DATABASE zoo SET TimeZone = 'Asia/Kathmandu';
ALTER ROLE readers IN DATABASE zoo SET temp_buffers = '1MB';

CREATE DATABASE contrib;
CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' TABLESPACE "zoo space";
CREATE DATABASE "Odd ""name"". 100% 🦒\'x" OWNER "Quote "" Dot . Per % cent" IS_TEMPLATE true LOCALE 'C.UTF-8' TEMPLATE template0;
ALTER DATABASE "Odd ""name"". 100% 🦒\'x" SET work_mem = '12MB';
COMMENT ON DATABASE "Odd ""name"". 100% 🦒\'x" IS 'two
lines';
\if :line_feeds
CREATE DATABASE "of
two lines";
ALTER DATABASE "of
two lines" SET work_mem = '13MB';
COMMENT ON DATABASE "of
two lines" IS 'two
lines';
\endif
\if :icu
CREATE DATABASE icu TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LOCALE 'C';
\endif
\if :v17
CREATE DATABASE builtin TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
\endif
