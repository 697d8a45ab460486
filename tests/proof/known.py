"""What the proofs have to know of single functions, and what the server would give to everybody."""

# What a person may do who has to set up the second factor first.
ENROLMENT = frozenset(
    [
        "sec.my_profile",
        "sec.my_epoch",
        "sec.totp_begin",
        "sec.totp_confirm",
        "sec.session_close",
        "sec.session_touch",
        "sec.operator_off",
    ]
)
# Questions inside: who may call the function, but not for this.
_ARCHIVE = "SELECT api.document_archive(gen_random_uuid(), '{}', 1, 'de', 'a.pdf', 'a')"
_POSTED = """SELECT api.purchase_invoice_cancel(gen_random_uuid(), id, row_version, 'proof')
FROM purchasing.purchase_invoice WHERE state = 'approved' AND paid_amount = 0 AND posting_date IS NOT NULL LIMIT 1"""
BRANCHES = {
    "api.document_archive": tuple(
        (role, _ARCHIVE.format(kind), key)
        for role, kind, key in (
            ("warehouse_clerk", "quote", "quote_issue"),
            ("warehouse_clerk", "order_confirmation", "sales_order_confirm"),
            ("sales_rep", "delivery_note", "delivery_ship"),
            ("sales_rep", "invoice", "invoice_post"),
        )
    ),
    "api.purchase_invoice_cancel": (("purchase_officer", _POSTED, "purchase_payment_post"),),
}
HELPERS = {"sec.require_key_right": (("viewer", "SELECT sec.my_keys('bank')", "bank_account_reveal"),)}
# A wrong PIN is answered early: whoever has no ticket must not even come to guess.
AT_MACHINES = {"sec.operator_on": "SELECT sec.operator_on('P-none', '000000')"}
# Nothing but a ticket opens these.
TICKET_ONLY = frozenset(["sec.operator_off"])
# Calls of which only a part is critical, and by whom.
CRITICAL = {
    "sec.user_change": (
        "administrator",
        """SELECT sec.user_change('u_viewer', '{"email": "a@example.org"}')""",
    ),
    "api.approval_decide": (
        "system_administrator",
        """SELECT api.approval_decide(gen_random_uuid(), (SELECT max(id) FROM system.approval_request
            WHERE kind = 'role_grant' AND state = 'open'), 'approve', 'proof')""",
    ),
    "sec.data_key_create": ("finance", "SELECT sec.data_key_create('bank', NULL, NULL)"),
}
LEVERS = (
    "DO $$ BEGIN PERFORM 1; END $$",
    "CREATE TEMP TABLE t (i int)",
    "CREATE TABLE public.t (i int)",
    "CREATE TABLE sales.t (i int)",
    "CREATE FUNCTION sec.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_advisory_lock(1, 1)",
    "SELECT pg_advisory_lock_shared(1)",
    "SELECT lo_create(0)",
    "SELECT lo_creat(1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_logical_emit_message(false, 'x', 'y')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "SET session_replication_role = replica",
    "SET ROLE erp_api",
    "SET ROLE erp_sec",
    "SET ROLE erp_owner",
    "SET ROLE erp_audit",
)
