"""Discounts asked for become approvals of the kind discount

Revision: approvals, after audit_partitions
"""

from alembic import op

revision = "approvals"
down_revision = "audit_partitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO system.approval_kind (name, hours, limit_name) VALUES ('discount', 720, 'discount_pct')"
    )
    # What was asked for says in its payload which row it was, so that the decisions find it.
    op.execute(
        """
        INSERT INTO system.approval_request (
          kind, topic, record_id, state, reason, subject, payload, amount, requested_by, author, expires_at, settled_at,
          row_version, created_at, created_by, updated_at, updated_by)
        SELECT 'discount', 'sales.' || a.document_type, a.document_id,
               CASE a.state WHEN 'requested' THEN 'open' ELSE a.state END, a.reason,
               jsonb_build_object('name', coalesce(c.name, ''), 'fields', jsonb_build_array(
                 jsonb_build_object('key', 'discount', 'kind', 'percent', 'after', a.discount_pct))),
               jsonb_build_object('discount_approval', a.id), a.discount_pct, a.requested_by,
               coalesce(q.created_by, o.created_by),
               CASE a.state WHEN 'requested' THEN now() ELSE a.created_at END + interval '30 days', a.decided_at,
               a.row_version, a.created_at, a.created_by, a.updated_at, a.updated_by
          FROM sales.discount_approval a
          LEFT JOIN sales.quote q ON a.document_type = 'quote' AND q.id = a.document_id
          LEFT JOIN sales.sales_order o ON a.document_type = 'sales_order' AND o.id = a.document_id
          LEFT JOIN partners.partner c ON c.id = coalesce(q.customer_id, o.customer_id)
         ORDER BY a.id
        """
    )
    op.execute(
        """
        INSERT INTO system.approval_vote (request_id, voter, authority, decision, comment, at)
        SELECT r.id, a.decided_by, a.decided_by, CASE a.state WHEN 'approved' THEN 'approve' ELSE 'reject' END,
               coalesce(nullif(btrim(a.comment), ''), CASE a.state WHEN 'approved' THEN '' ELSE '–' END), a.decided_at
          FROM sales.discount_approval a
          JOIN system.approval_request r ON r.payload ->> 'discount_approval' = a.id::text
         WHERE a.state <> 'requested'
         ORDER BY a.decided_at
        """
    )
    op.drop_table("discount_approval", schema="sales")
