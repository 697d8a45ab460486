-- Rows of the archive itself: how long what is kept, and the kinds of documents. They follow the program.
INSERT INTO documents.retention (code, years, source)
VALUES ('voucher', 8, '§ 147 (3) AO, § 257 (4) HGB, § 14b UStG'),
       ('book', 10, '§ 147 (3) AO, § 257 (4) HGB'),
       ('letter', 6, '§ 147 (3) AO, § 257 (4) HGB'),
       ('none', 0, '')
ON CONFLICT (code) DO UPDATE SET years = excluded.years, source = excluded.source
 WHERE (retention.years, retention.source) IS DISTINCT FROM (excluded.years, excluded.source);

INSERT INTO documents.house (id) VALUES (1) ON CONFLICT (id) DO NOTHING;

INSERT INTO documents.kind (code, topic, issue_right, facts, once, retention)
VALUES
  ('quote', 'sales.quote', 'quote_issue', 'sales.paper_of_quote', true, 'letter'),
  ('order_confirmation', 'sales.sales_order', 'sales_order_confirm', 'sales.paper_of_order', true, 'letter'),
  ('picking_list', 'sales.sales_order', 'delivery_ship', 'sales.paper_of_order', false, 'none'),
  ('delivery_note', 'sales.delivery', 'delivery_ship', 'sales.paper_of_delivery', true, 'letter'),
  ('packing_list', 'sales.delivery', 'delivery_ship', 'sales.paper_of_delivery', false, 'letter'),
  ('invoice', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('down_payment', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('partial', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('final', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('correction', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('cancellation', 'sales.invoice', 'invoice_post', 'sales.paper_of_invoice', true, 'voucher'),
  ('reminder', 'sales.reminder', 'reminder_issue', 'sales.paper_of_reminder', true, 'letter'),
  ('purchase_order', 'purchasing.purchase_order', 'purchase_order_issue', 'purchasing.paper_of_purchase_order', false, 'letter'),
  ('goods_receipt', 'purchasing.goods_receipt', 'goods_receipt_post', 'purchasing.paper_of_goods_receipt', false, 'voucher'),
  ('return_slip', 'purchasing.goods_receipt', 'goods_return_post', 'purchasing.paper_of_goods_receipt', false, 'letter'),
  ('received_invoice', 'purchasing.purchase_invoice', 'purchase_invoice_enter', 'purchasing.paper_of_purchase_invoice', false, 'voucher'),
  ('work_order', 'production.work_order', 'work_order_create', 'production.paper_of_work_order', false, 'none'),
  ('material_list', 'production.work_order', 'work_order_create', 'production.paper_of_work_order', false, 'none'),
  ('count_sheet', 'inventory.warehouse', 'stock_adjust', 'inventory.paper_of_warehouse', false, 'book'),
  ('stock_valuation', 'inventory.warehouse', 'catalog.product_cost:select', 'inventory.paper_of_warehouse', false, 'book'),
  ('qc_report', 'inventory.lot', 'inventory.lot:update', 'inventory.paper_of_lot', false, 'letter'),
  ('price_list', 'catalog.price_list', 'catalog.price_list:update', 'catalog.paper_of_price_list', false, 'letter'),
  ('datev_export', 'accounting.export', 'datev_export', 'accounting.paper_of_export', false, 'book')
ON CONFLICT (code) DO UPDATE
   SET topic = excluded.topic, issue_right = excluded.issue_right, facts = excluded.facts, once = excluded.once,
       retention = excluded.retention
 WHERE (kind.topic, kind.issue_right, kind.facts, kind.once, kind.retention)
       IS DISTINCT FROM (excluded.topic, excluded.issue_right, excluded.facts, excluded.once, excluded.retention);
