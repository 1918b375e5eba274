"""The operations on customers; fixed paths before `{id}`, which would take them for a card. CUS-1, CUS-4."""

from typing import Final

from app.web.api.common.customer_shapes import (
    AccessOut,
    AccessQuery,
    ChangeOut,
    CustomerFull,
    CustomerNew,
    CustomerOut,
    CustomerPatch,
    CustomerQuery,
    ExportWish,
    ImportOut,
    ImportQuery,
    ImportWish,
    MergedOut,
    MergeWish,
    NumberMove,
    Pair,
    PairOut,
    RemovalOut,
    RemovalWish,
    Reveal,
    SheetQuery,
    TemplateQuery,
)
from app.web.api.customers import customer_files, customer_pairs, customer_privacy, customers
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, operation

_ANY_FILE = "application/octet-stream"

# fmt: off
CUSTOMER_OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    operation("list_duplicates", "GET /api/customers/duplicates", customer_pairs.list_duplicates,
              "Cards that may be one customer, the likeliest first", Nothing, Nothing, Listed[PairOut]),
    operation("keep_apart", "POST /api/customers/duplicates/apart", customer_pairs.keep_apart,
              "These two are two customers", Nothing, Pair, None, 204),
    operation("import_template", "GET /api/customers/imports/template", customer_files.import_template,
              "A table to fill in", TemplateQuery, Nothing, None, 200, _ANY_FILE),
    operation("preview_import", "POST /api/customers/imports", customer_files.preview_import,
              "Read a CSV or XLSX file and name every bad row", SheetQuery, Nothing, ImportOut, 201, takes_file=True),
    operation("get_import", "GET /api/customers/imports/{token}", customer_files.get_import,
              "How far an import is, and rows to know of", ImportQuery, Nothing, ImportOut),
    operation("confirm_import", "POST /api/customers/imports/{token}/confirm", customer_files.confirm_import,
              "Write the next rows; ask until `ready` is 0", Nothing, ImportWish, ImportOut),
    operation("export_customers", "POST /api/customers/export", customer_files.export_customers,
              "Cards with whole numbers as a file; the reason is kept", Nothing, ExportWish, None, 200, _ANY_FILE),
    operation("list_accesses", "GET /api/customers/accesses", customer_privacy.list_accesses,
              "Who saw which card when, newest first", AccessQuery, Nothing, Listed[AccessOut]),
    operation("list_removals", "GET /api/customers/removals", customer_privacy.list_removals,
              "Certificates of people who were removed", Nothing, Nothing, Listed[RemovalOut]),
    operation("list_customers", "GET /api/customers", customers.list_customers,
              "Customers' cards", CustomerQuery, Nothing, Listed[CustomerOut]),
    operation("create_customer", "POST /api/customers", customers.create_customer,
              "A new card", Nothing, CustomerNew, CustomerFull, 201),
    operation("get_customer", "GET /api/customers/{id}", customers.get_customer,
              "A card with the last tickets; each time is logged", Nothing, Nothing, CustomerFull),
    operation("patch_customer", "PATCH /api/customers/{id}", customers.patch_customer,
              "Change a card; 409 with `current` when it is stale", Nothing, CustomerPatch, CustomerFull),
    operation("customer_history", "GET /api/customers/{id}/history", customers.customer_history,
              "All changes of a card", Nothing, Nothing, Listed[ChangeOut]),
    operation("reveal_customer", "POST /api/customers/{id}/reveal", customers.reveal_customer,
              "The numbers in full, for a case and with a reason", Nothing, Reveal, CustomerFull),
    operation("move_number", "POST /api/customers/{id}/numbers", customers.move_number,
              "Take a number off another card and put it on this one", Nothing, NumberMove, CustomerFull),
    operation("merge_customers", "POST /api/customers/{id}/merge", customer_pairs.merge_customers,
              "Another card becomes part of this one", Nothing, MergeWish, MergedOut),
    operation("remove_customer", "POST /api/customers/{id}/remove", customer_privacy.remove_customer,
              "Remove a person for good; answers with the certificate", Nothing, RemovalWish, RemovalOut),
)
# fmt: on
