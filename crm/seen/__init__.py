"""The store as seen by a person: every read, list, count, search and write joins sight and ownership (flow). ACC-6."""
