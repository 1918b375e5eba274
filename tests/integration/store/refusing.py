"""A store that refuses certain rows: a constraint that the schema does not have, made for one test."""

from sqlalchemy import text

from crm.db.store import Store


async def refuse(store: Store, table: str, rows: str) -> None:
    """From now on the database itself refuses new rows of a table for which `rows`, a condition on NEW, is true."""
    refusal = f"CREATE TRIGGER refused BEFORE INSERT ON {table}"
    if store.database.dialect == "sqlite":
        statements = [f"{refusal} WHEN {rows} BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"]
    else:
        raises = "BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'refused by the test'; END"
        statements = [
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS '{raises.replace(chr(39), chr(39) * 2)}'",
            f"{refusal} FOR EACH ROW WHEN ({rows}) EXECUTE FUNCTION refuse()",
        ]
    async with store.database.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))
