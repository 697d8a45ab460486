-- Words everybody thinks of first; with digits and signs around them they are no better. A house may add its own. A word
-- after @ must not even occur in a password: those of the company's name.
INSERT INTO sec.password_denied (password)
SELECT regexp_split_to_table($$
  aaaaaa abc abcabc abcd abcdef abcdefg abcdefgh abcxyz abteilung access adler admin adminadmin administrator
  aendern affe alexander allah america andrea andreas android angel anna apfel apple april arbeit arschloch
  arsenal asdf asdfasdf asdfgh asdfghjkl ashley asshole audi august austria autumn baby baer banana banane
  barcelona bart baseball basketball batman bayern bayernmuenchen bayernmünchen bear beatles bediener beer
  beispiel benutzer berlin bicycle bier bitch blitz blume bmw borussia boss bruder buchhaltung buddha bullshit
  business butterfly bvb bär carpediem champion change changeit changeme charlie cheese chef chelsea chocolate
  christian christina christkind christmas christus cinderella claudia close code codewort coffee company
  computer cookie correcthorsebatterystaple dancing daniel dasistgeheim daspasswort database datenbank daughter
  david debian december default demo demodemo deutschland devil dezember dienstag director direktor donald
  donner donnerstag dontknow dornroeschen dortmund drache dragon dresden drucker duck eagle earth easter eingang
  einhorn einkauf einpasswort eins eintritt eis eishockey empfang engel engelchen erdbeere erde erikamustermann
  europa europe example excel facebook fahrrad fall familie family father februar february ferien ferrari feuer
  feuerwehr ficken finance finanzen fire firma fitness flower football ford fortnite frankfurt freedom freigabe
  freiheit freitag friday frieden fritzbox fruehling frühling fuck fuckoff fuckyou fussball gamer gaming gandalf
  garfield gast geheim geheimnis geheimwort geoeffnet george germany geschlossen gewinner giesserei gießerei
  gitarre glueck gluecklich glück glücklich goodbye goodmorning google gott guest guitar gutenmorgen gutentag
  hallo hallohallo hallowelt hamburg handball hannah happy harley heart heaven hell hello helloworld helpdesk
  herbst herz herzlich himmel hobbit hockey hoelle holiday homer honda horse hotline hotspot hsv hund hunde
  hundename hunter hölle ice ichliebedich iloveyou imlovinit internet iphone jaeger janedoe januar january
  jennifer jessica jesus johndoe jordan juli julia july june juni justdoit juventus jäger kaese kaffee katze
  katzen keineahnung keinpasswort keks kennwort key keyword killer kind kinder kitten klavier knight koeln
  krankenhaus krieger köln lager lassmichrein lassmichreinbitte laufen lehrer leipzig letmein letmeinplease
  liebe lightning linux lion liverpool loewe login london loser love lovely loveyou lucky löwe madrid maerz
  magic magie mai mama manager march mario markus martin master matrix matthias maus maximilian maxmustermann
  may meinpasswort melanie mercedes merlin metallica michael michelle mickey mickymaus microsoft minecraft
  mittwoch moin mond monday monkey montag moon mother motorrad mouse muenchen music musik musterfirma musterfrau
  mustermann mutter mypassword mysql märz münchen network netzwerk neuespasswort neustart newpassword nicole
  ninja nintendo nirvana nopassword nosecret november nuernberg nussknacker nürnberg october oesterreich offen
  office oktober oma opa opel open opensesame operator oracle ostern outlook papa paris passw passwd password
  passwordone passwordpassword passwort passworteins passwortpasswort peace peter pferd piano pin pincode pirat
  pirate pizza player playstation pokemon police polizei porsche postgres postgresql princess printer prinzessin
  production produktion puppy purchase qayxsw qazwsx qazwsxedc qweasd qweasdyxc qweasdzxc qwerty qwertyui
  qwertyuiop qwertz qwertzui qwertzuiop raeuchermann rain rainbow rapunzel realmadrid reception rechner regen
  regenbogen reiten restart rettung ritter robert rockstar root rotkaeppchen router running räuchermann sabine
  safe sales samantha samstag samsung samurai sandra satan saturday schalke schatz schatzi scheisse scheiße
  schluessel schlüssel schmetterling schnee schneewittchen schokolade school schule schweiz schwester schwimmen
  sebastian secret security sekretariat september server service servus sesam sesamoeffnedich sesamöffnedich
  sicher sicherheit sieger simpson snoopy snow soccer sohn sommer sonic sonne sonnenschein sonntag spiderman
  spieler spring star start starwars stefan stefanie stern sternchen stop storm stpauli strawberry student sturm
  stuttgart sugar summer sun sunday sunshine superman superstar superuser support susanne switzerland sysadmin
  system systemadmin tanzen teacher technik telekom template tennis terminal test tester testtest tetris teufel
  thepassword thinkdifferent thomas thunder thursday tiger tochter token toor tresor trustno tschuess tschüss
  tuesday ubuntu unicorn universitaet unlock urlaub user vater verkauf vodafone volkswagen volleyball vorlage
  wandern warehouse warrior wasser water wednesday weihnachten weihnachtsmann wein weissnicht weißnicht welcome
  welcomeback werder werkbank werkstatt wien wifi willkommen willkommenzurueck wind windows wine winner winter
  wizard wlan wolf work workshop xbox xxxxxx yamaha yoga yxcvbnm zaphod zauber zelda zinnfigur zinngiesserei
  zinngießerei zucker zuerich zugang zugriff zxcvbnm zzzzzz zürich österreich
$$, '\s+')
ON CONFLICT DO NOTHING;
DELETE FROM sec.password_denied d WHERE d.password = '';
INSERT INTO sec.password_denied (password)
SELECT DISTINCT '@' || lower(w) FROM system.company c, regexp_split_to_table(c.name, '[^[:alpha:]]+') w WHERE length(w) > 4
ON CONFLICT DO NOTHING;
