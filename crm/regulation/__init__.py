"""The service regulation: deadlines by calendar and clause, a rehearsal of a new version (rules). CPL-2, CPL-3."""
