-- Rows without which nothing works. What an organisation changes later stays as it is.
INSERT INTO sec.compat (id, min_protocol, max_protocol) VALUES (1, 1, 1)
ON CONFLICT (id) DO UPDATE SET min_protocol = excluded.min_protocol, max_protocol = excluded.max_protocol;

INSERT INTO sec.policy (id) VALUES (1) ON CONFLICT (id) DO NOTHING;

INSERT INTO system.company (id, name) VALUES (1, 'Werkbank') ON CONFLICT (id) DO NOTHING;

INSERT INTO system.counter (series, year, prefix)
SELECT s.series, extract(year FROM system.today())::int, s.prefix
  FROM (VALUES ('quote', 'AN'), ('sales_order', 'AU'), ('delivery', 'LS'), ('invoice', 'RE'), ('work_order', 'FA'),
               ('purchase_order', 'BE')) s (series, prefix)
 WHERE NOT EXISTS (SELECT FROM system.counter c WHERE c.series = s.series);

SELECT audit.partitions_ahead();

-- Lists and templates to begin with, where a house has none of its own.
INSERT INTO sec.checklist_item (kind, sort, text_de, text_en, role)
SELECT i.* FROM (VALUES
  ('onboarding', 10, 'Zugangsdaten persönlich übergeben', 'Hand over the sign-in details in person', NULL),
  ('onboarding', 20, 'Anmeldung am Arbeitsplatz gemeinsam ausprobieren', 'Try signing in at the workplace together', NULL),
  ('onboarding', 30, 'Zweiten Faktor einrichten', 'Set up the second factor', NULL),
  ('onboarding', 40, 'Lager zuordnen', 'Assign warehouses', 'warehouse_clerk'),
  ('onboarding', 50, 'Ausweis und PIN für Terminals ausgeben', 'Issue badge and PIN for terminals', 'production_operator'),
  ('onboarding', 60, 'Datenschutzunterweisung unterschrieben', 'Data protection briefing signed', NULL),
  ('offboarding', 10, 'Offene Belege übergeben', 'Hand over open documents', NULL),
  ('offboarding', 20, 'Geräte, Schlüssel und Ausweis zurückgegeben', 'Devices, keys and badge returned', NULL),
  ('offboarding', 30, 'Zugänge außerhalb von Werkbank gesperrt (E-Mail, Netzwerk)', 'Access outside Werkbank closed (e-mail, network)', NULL),
  ('offboarding', 40, 'E-Mail-Weiterleitung geklärt', 'E-mail forwarding settled', NULL)) i (kind, sort, text_de, text_en, role)
 WHERE NOT EXISTS (SELECT FROM sec.checklist_item);

INSERT INTO sec.role (name, kind, scoped, title_de, title_en, about_de, about_en)
VALUES
  ('tpl_inside_sales', 'template', false, 'Verkaufsinnendienst', 'Inside sales',
   'Verkauf und Kundendienst in einer Hand.', 'Sales and customer service in one hand.'),
  ('tpl_logistics', 'template', false, 'Logistik', 'Logistics',
   'Lagerleitung mit Einblick in Fertigung und Chargen.', 'Warehouse management with a view of production and lots.'),
  ('tpl_shift_lead', 'template', false, 'Schichtleitung', 'Shift lead',
   'Fertigung anleiten und Chargen prüfen.', 'Lead production and check lots.')
ON CONFLICT (name) DO NOTHING;
INSERT INTO sec.role_parent (role, parent)
SELECT t.* FROM (VALUES ('tpl_inside_sales', 'sales_rep'), ('tpl_inside_sales', 'customer_service'), ('tpl_logistics', 'warehouse_manager'),
                        ('tpl_logistics', 'quality'), ('tpl_shift_lead', 'production_operator'), ('tpl_shift_lead', 'quality')) t (role, parent)
 WHERE NOT EXISTS (SELECT FROM sec.role_parent p WHERE p.role = t.role);
SELECT sec.role_settle();
SELECT sec.entrance_settle();
