-- What went out to the tax adviser: every voucher once, its bookings come to its amount, an export to its lines; what
-- stands on a voucher is still what stands on the document.
SELECT 'voucher ' || v.export_id || ' ' || v.topic || ' ' || v.record_id AS finding
  FROM accounting.export_voucher v
  LEFT JOIN (
    SELECT l.export_id, l.topic, l.record_id, sum(CASE l.side WHEN 'S' THEN l.amount ELSE -l.amount END) AS signed
      FROM accounting.export_line l WHERE l.kind <> 'down_payment' GROUP BY 1, 2, 3) s
    ON s.export_id = v.export_id AND s.topic = v.topic AND s.record_id = v.record_id
 WHERE coalesce(s.signed, 0)
       <> CASE WHEN v.topic IN ('sales.invoice', 'purchasing.purchase_payment') THEN v.amount ELSE -v.amount END
UNION ALL
SELECT 'down payment ' || l.export_id || ' ' || l.record_id
  FROM accounting.export_line l WHERE l.kind IN ('down_payment', 'payment', 'exchange') AND l.topic = 'sales.payment'
 GROUP BY l.export_id, l.record_id
HAVING bool_or(l.kind = 'down_payment') AND sum(CASE l.side WHEN 'S' THEN l.amount ELSE -l.amount END) <> 0
UNION ALL
SELECT 'export ' || e.number
  FROM accounting.export e
 WHERE e.total_amount <> (SELECT coalesce(sum(l.amount), 0) FROM accounting.export_line l WHERE l.export_id = e.id)
    OR e.lines <> (SELECT count(*) FROM accounting.export_line l WHERE l.export_id = e.id)
    OR e.vouchers <> (SELECT count(*) FROM accounting.export_voucher v WHERE v.export_id = e.id)
UNION ALL
SELECT 'twice ' || v.topic || ' ' || v.record_id
  FROM accounting.export_voucher v WHERE NOT v.repeated GROUP BY v.topic, v.record_id HAVING count(*) > 1
UNION ALL
SELECT 'document ' || v.topic || ' ' || v.record_id
  FROM accounting.export_voucher v
  LEFT JOIN sales.invoice i ON v.topic = 'sales.invoice' AND i.id = v.record_id
  LEFT JOIN sales.payment p ON v.topic = 'sales.payment' AND p.id = v.record_id
  LEFT JOIN purchasing.purchase_invoice b ON v.topic = 'purchasing.purchase_invoice' AND b.id = v.record_id
  LEFT JOIN purchasing.purchase_payment q ON v.topic = 'purchasing.purchase_payment' AND q.id = v.record_id
 WHERE v.topic = 'sales.invoice' AND i.own_gross_amount - i.own_prepaid_amount IS DISTINCT FROM v.amount
    OR v.topic = 'sales.payment' AND p.own_amount + p.own_discount IS DISTINCT FROM v.amount
    OR v.topic = 'purchasing.purchase_invoice' AND b.own_gross_amount IS DISTINCT FROM v.amount
    OR v.topic = 'purchasing.purchase_payment' AND q.own_amount + q.own_discount IS DISTINCT FROM v.amount;
