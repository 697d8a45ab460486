-- Numbers of the house's ranges: as many as were counted, one after the other, with a right check digit.
SELECT r.id, r.kind, r.issued, coalesce(n.used, 0) AS used
  FROM labels.number_range r
  LEFT JOIN (SELECT g.number_range_id, count(*) AS used, max(g.serial) AS last,
                    bool_and(right(g.code, 1) = labels.check_digit(left(g.code, -1))) AS checked
               FROM (SELECT number_range_id, serial, code FROM labels.gtin
                     UNION ALL SELECT number_range_id, serial, code FROM labels.sscc) g
              GROUP BY 1) n ON n.number_range_id = r.id
 WHERE r.issued <> coalesce(n.used, 0) OR n.last <> r.first_serial + r.issued - 1 OR NOT n.checked
