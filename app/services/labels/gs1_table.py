"""The application identifiers of GS1, as data: identifier, format, what it is.

Formats read as in the General Specifications: ``N`` digits, ``X`` characters of set 82; a bare number is an exact
length, ``..`` a most one; parts are joined by ``+``.  A trailing word says what the value has to obey: ``check`` a
check digit at its end (at the end of its first part), ``date`` a day as YYMMDD, ``hours`` a day and an hour.  An
identifier ending in ``n`` carries the number of decimal places as its last digit.
"""

# The beginnings of identifiers whose length is fixed: no separator follows them.  General Specifications, 7.8.5.
PREDEFINED = frozenset(
    [
        "00",
        "01",
        "02",
        "03",
        "04",
        "20",
        "41",
        *(str(n) for n in range(11, 20)),
        *(str(n) for n in range(31, 37)),
    ]
)

ROWS = """
00    N18 check      sscc
01    N14 check      gtin
02    N14 check      content
03    N14 check      made_to_order_gtin
10    X..20          lot
11    N6 date        produced_on
12    N6 date        due_on
13    N6 date        packed_on
15    N6 date        best_before
16    N6 date        sell_by
17    N6 date        expires_on
20    N2             variant
21    X..20          serial
22    X..20          consumer_variant
235   X..28          third_party_serial
240   X..30          additional_id
241   X..30          customer_part
242   N..6           made_to_order
243   X..20          packaging_component
250   X..30          secondary_serial
251   X..30          source_reference
253   N13+X..17 check document_type
254   X..20          location_extension
255   N13+N..12 check coupon
30    N..8           variable_count
310n  N6             net_weight_kg
311n  N6             length_m
312n  N6             width_m
313n  N6             height_m
314n  N6             area_m2
315n  N6             net_volume_l
316n  N6             net_volume_m3
320n  N6             net_weight_lb
321n  N6             length_in
322n  N6             length_ft
323n  N6             length_yd
324n  N6             width_in
325n  N6             width_ft
326n  N6             width_yd
327n  N6             height_in
328n  N6             height_ft
329n  N6             height_yd
330n  N6             gross_weight_kg
331n  N6             gross_length_m
332n  N6             gross_width_m
333n  N6             gross_height_m
334n  N6             gross_area_m2
335n  N6             gross_volume_l
336n  N6             gross_volume_m3
337n  N6             weight_per_area
340n  N6             gross_weight_lb
341n  N6             gross_length_in
342n  N6             gross_length_ft
343n  N6             gross_length_yd
344n  N6             gross_width_in
345n  N6             gross_width_ft
346n  N6             gross_width_yd
347n  N6             gross_height_in
348n  N6             gross_height_ft
349n  N6             gross_height_yd
350n  N6             area_in2
351n  N6             area_ft2
352n  N6             area_yd2
353n  N6             gross_area_in2
354n  N6             gross_area_ft2
355n  N6             gross_area_yd2
356n  N6             net_weight_oz_t
357n  N6             net_weight_oz
360n  N6             net_volume_qt
361n  N6             net_volume_gal
362n  N6             gross_volume_qt
363n  N6             gross_volume_gal
364n  N6             net_volume_in3
365n  N6             net_volume_ft3
366n  N6             net_volume_yd3
367n  N6             gross_volume_in3
368n  N6             gross_volume_ft3
369n  N6             gross_volume_yd3
37    N..8           count
390n  N..15          amount
391n  N3+N..15       amount_currency
392n  N..15          price
393n  N3+N..15       price_currency
394n  N4             discount_percent
395n  N6             price_per_unit
400   X..30          order_number
401   X..30          consignment
402   N17 check      shipment
403   X..30          route
410   N13 check      ship_to
411   N13 check      bill_to
412   N13 check      purchase_from
413   N13 check      ship_for
414   N13 check      location
415   N13 check      payee
416   N13 check      production_location
417   N13 check      party
420   X..20          postal_code
421   N3+X..9        postal_code_country
422   N3             origin
423   N3+N..12       initial_country
424   N3             processing_country
425   N3+N..12       disassembly_country
426   N3             full_process_country
427   X..3           origin_subdivision
4300  X..35          ship_to_company
4301  X..35          ship_to_name
4302  X..70          ship_to_street
4303  X..70          ship_to_street_2
4304  X..70          ship_to_suburb
4305  X..70          ship_to_town
4306  X..70          ship_to_region
4307  X2             ship_to_country
4308  X..30          ship_to_phone
7001  N13            nato_stock_number
7002  X..30          meat_cut
7003  N10 hours      expires_at
7004  N..4           active_potency
7005  X..12          catch_area
7006  N6 date        first_freeze_on
7007  N6+N..6        harvested_on
7008  X..3           aquatic_species
7009  X..10          fishing_gear
7010  X..2           production_method
7020  X..20          refurbishment_lot
7021  X..20          functional_status
7022  X..20          revision_status
7023  X..30          assembly_id
7040  N1+X3          unique_id
710   X..20          health_de
711   X..20          health_fr
712   X..20          health_es
713   X..20          health_br
714   X..20          health_pt
715   X..20          health_us
716   X..20          health_it
7240  X..20          protocol
8001  N14            roll_dimensions
8002  X..20          phone_serial
8003  N14+X..16      asset_returnable
8004  X..30          asset
8005  N6             unit_price
8006  N14+N4         piece_of_item
8007  X..34          iban
8008  N8+N..4        produced_at
8009  X..50          sensor
8010  X..30          component
8011  N..12          component_serial
8012  X..20          software_version
8013  X..25          model
8017  N18 check      service_provider
8018  N18 check      service_recipient
8019  N..10          service_instance
8020  X..25          payment_reference
8026  N14+N4         content_piece
8110  X..70          coupon_us
8111  N4             loyalty_points
8112  X..70          coupon_paperless
8200  X..70          url
90    X..30          mutually_agreed
91    X..90          company_internal_1
92    X..90          company_internal_2
93    X..90          company_internal_3
94    X..90          company_internal_4
95    X..90          company_internal_5
96    X..90          company_internal_6
97    X..90          company_internal_7
98    X..90          company_internal_8
99    X..90          company_internal_9
"""
