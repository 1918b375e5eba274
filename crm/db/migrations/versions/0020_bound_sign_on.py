"""Who signs on is bound to the provider's own id of that person, from the first time on. ACC-3."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("sign_on_issuer", "sign_on_subject"):
        op.add_column("user_account", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ("sign_on_subject", "sign_on_issuer"):
        op.drop_column("user_account", name)
