-- Two roles with least privilege: the owner of the tables, who runs `catena migrate`, and the role of the processes.
-- Run this once as a superuser, connected to Catena's own database. Change the passwords.
CREATE ROLE catena_owner LOGIN PASSWORD 'change-me-owner' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE catena_app LOGIN PASSWORD 'change-me-app' NOSUPERUSER NOCREATEDB NOCREATEROLE;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO catena_owner;
GRANT USAGE ON SCHEMA public TO catena_app;

-- Tables that the owner makes from now on. No TRUNCATE, no REFERENCES, no TRIGGER.
ALTER DEFAULT PRIVILEGES FOR ROLE catena_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO catena_app;
ALTER DEFAULT PRIVILEGES FOR ROLE catena_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO catena_app;
