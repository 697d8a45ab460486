-- A text for each kind of document in both languages, where the house has none yet; the house changes them.
INSERT INTO mail.template (kind, language, subject, body)
SELECT v.kind, v.language, v.subject,
       CASE v.language
         WHEN 'de' THEN E'{salutation}\n\n' || v.body || E'\n\nMit freundlichen Grüßen\n{sender}\n{company}\n{sender_phone}\n'
         ELSE E'{salutation}\n\n' || v.body || E'\n\nKind regards\n{sender}\n{company}\n{sender_phone}\n' END
  FROM (VALUES
    ('quote', 'de', 'Angebot {number} von {company}', E'vielen Dank für Ihre Anfrage. Anbei erhalten Sie unser Angebot {number} vom {date}.\n\nBei Fragen sind wir gern für Sie da.'),
    ('quote', 'en', 'Quote {number} from {company}', E'Thank you for your enquiry. Please find attached our quote {number} of {date}.\n\nIf you have any questions, we are glad to help.'),
    ('order_confirmation', 'de', 'Auftragsbestätigung {number}', E'vielen Dank für Ihren Auftrag. Anbei erhalten Sie die Auftragsbestätigung {number} vom {date}.'),
    ('order_confirmation', 'en', 'Order confirmation {number}', E'Thank you for your order. Please find attached the order confirmation {number} of {date}.'),
    ('delivery_note', 'de', 'Lieferschein {number}', E'Ihre Ware ist unterwegs. Anbei erhalten Sie den Lieferschein {number} vom {date}.'),
    ('delivery_note', 'en', 'Delivery note {number}', E'Your goods are on their way. Please find attached the delivery note {number} of {date}.'),
    ('invoice', 'de', 'Rechnung {number} von {company}', E'anbei erhalten Sie unsere Rechnung {number} vom {date} über {total}, fällig am {due}.\n\nVielen Dank für Ihren Auftrag.'),
    ('invoice', 'en', 'Invoice {number} from {company}', E'Please find attached our invoice {number} of {date} for {total}, due on {due}.\n\nThank you for your business.'),
    ('down_payment', 'de', 'Anzahlungsrechnung {number} von {company}', E'anbei erhalten Sie unsere Anzahlungsrechnung {number} vom {date} über {total}, fällig am {due}.'),
    ('down_payment', 'en', 'Down-payment invoice {number} from {company}', E'Please find attached our down-payment invoice {number} of {date} for {total}, due on {due}.'),
    ('partial', 'de', 'Teilrechnung {number} von {company}', E'anbei erhalten Sie unsere Teilrechnung {number} vom {date} über {total}, fällig am {due}.'),
    ('partial', 'en', 'Partial invoice {number} from {company}', E'Please find attached our partial invoice {number} of {date} for {total}, due on {due}.'),
    ('final', 'de', 'Schlussrechnung {number} von {company}', E'anbei erhalten Sie unsere Schlussrechnung {number} vom {date}, fällig am {due}.'),
    ('final', 'en', 'Final invoice {number} from {company}', E'Please find attached our final invoice {number} of {date}, due on {due}.'),
    ('correction', 'de', 'Rechnungskorrektur {number} von {company}', E'anbei erhalten Sie unsere Rechnungskorrektur {number} vom {date}.'),
    ('correction', 'en', 'Corrected invoice {number} from {company}', E'Please find attached our invoice correction {number} of {date}.'),
    ('cancellation', 'de', 'Stornorechnung {number} von {company}', E'anbei erhalten Sie unsere Stornorechnung {number} vom {date}.'),
    ('cancellation', 'en', 'Cancellation invoice {number} from {company}', E'Please find attached our cancellation invoice {number} of {date}.'),
    ('reminder', 'de', 'Zahlungserinnerung {number}', E'anbei erhalten Sie unsere Zahlungserinnerung {number} vom {date}. Offen sind {total}; wir bitten um Ausgleich bis zum {due}.'),
    ('reminder', 'en', 'Payment reminder {number}', E'Please find attached our payment reminder {number} of {date}. {total} is outstanding; please settle it by {due}.'),
    ('reminder_1', 'de', 'Zahlungserinnerung {number}', E'sicher ist es Ihrer Aufmerksamkeit entgangen: {total} sind noch offen. Anbei erhalten Sie unsere Zahlungserinnerung {number} vom {date}; wir bitten um Ausgleich bis zum {due}.\n\nHaben Sie inzwischen gezahlt, betrachten Sie diese Mail bitte als erledigt.'),
    ('reminder_1', 'en', 'Payment reminder {number}', E'It may have escaped your attention that {total} is still outstanding. Please find attached our payment reminder {number} of {date} and settle the amount by {due}.\n\nIf you have paid in the meantime, please disregard this mail.'),
    ('reminder_2', 'de', '2. Mahnung {number}', E'auf unsere Zahlungserinnerung haben wir leider keinen Zahlungseingang feststellen können. Anbei erhalten Sie unsere 2. Mahnung {number} vom {date} über {total}; wir bitten um Ausgleich bis zum {due}.'),
    ('reminder_2', 'en', 'Second reminder {number}', E'We have not received a payment following our reminder. Please find attached our second reminder {number} of {date} for {total} and settle the amount by {due}.'),
    ('reminder_3', 'de', 'Letzte Mahnung {number}', E'trotz unserer Mahnungen sind {total} weiterhin offen. Anbei erhalten Sie unsere letzte Mahnung {number} vom {date}. Geht bis zum {due} keine Zahlung ein, leiten wir ohne weitere Ankündigung rechtliche Schritte ein.'),
    ('reminder_3', 'en', 'Final reminder {number}', E'Despite our reminders, {total} is still outstanding. Please find attached our final reminder {number} of {date}. If we do not receive payment by {due}, we will take legal steps without further notice.'),
    ('purchase_order', 'de', 'Bestellung {number} von {company}', E'anbei erhalten Sie unsere Bestellung {number} vom {date}. Bitte bestätigen Sie uns Preise und Liefertermin.'),
    ('purchase_order', 'en', 'Purchase order {number} from {company}', E'Please find attached our purchase order {number} of {date}. Please confirm prices and delivery date.')
  ) v (kind, language, subject, body)
 WHERE NOT EXISTS (SELECT FROM mail.template t WHERE t.kind = v.kind AND t.language = v.language AND t.partner_id IS NULL);
