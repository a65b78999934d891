-- The role that Grafana reads Collector's tables as: it owns and writes nothing, and sees the rows of one tenant, which
-- row-level security takes from its setting, and a query that sets another sees that one's. Run it once as whoever owns the
-- tables, with the password and the tenant:
--   psql -v password=... -v tenant=main -f reader.sql "$COLLECTOR_DATABASE_URL"
CREATE ROLE grafana LOGIN IN ROLE collector_reader PASSWORD :'password';
ALTER ROLE grafana SET collector.tenant = :'tenant';
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '10s';
ALTER ROLE grafana SET timezone = 'UTC';
