/**
 * Sentences of many trades and languages. `{email}` and the like stand for personal data; `{no}` for
 * something that only looks like it. A number without a form of its own is called what it is.
 */
export const templates: readonly string[] = [
  // English: finance, law, shops, support, medicine, personnel, technology
  'Please wire the deposit to {iban} and confirm to {email} before noon.',
  'The card on file ({card}) was declined twice; reference {no}.',
  'Chargeback opened for card {card}, merchant notified at {email}.',
  'Counsel for the claimant can be reached at {email} or {phone}; see docket {no}.',
  'Exhibit 4 lists the taxpayer with SSN {ssn} and a mailing address.',
  'Order {no} ships tomorrow. Questions? Call {phone} or write to {email}.',
  'Customer says the parcel {no} never came; callback number: {phone}.',
  'Ticket {no}: login from {ipv4} was blocked, user is {email}.',
  'Agent: may I have the card number? Customer: sure, it is {card}.',
  'Patient portal account {email}, emergency contact phone: {phone}, chart {no}.',
  'Insurance form: social security number {ssn}, group {no}.',
  'Payroll: new hire, SSN: {ssn}, personal e-mail {email}, salary band {no}.',
  'HR note: the employee called from {phone} about leave request {no}.',
  'sshd[2211]: Accepted publickey for deploy from {ipv4} port 51234 ssh2, session {no}',
  '{ipv4} - - [12/Mar/2025:10:11:12 +0000] "GET /v2/items?id=88 HTTP/1.1" 200 5123',
  'nginx upstream {ipv4}:8080 timed out while reading {no}',
  'Allow ingress from {ipv4}/24 and deny the rest (rule {no}).',
  'The resolver answers on {ipv6}, fallback is {ipv4}.',
  'ping6 {ipv6}%eth0: 3 packets, build {no}',
  'Server listens on [{ipv6}]:443 since commit {no}',
  'Release {no} is out; tell {email}.',
  // German
  'Bitte überweisen Sie den Betrag auf {iban}, Rechnung {no}.',
  'Rückfragen an {email} oder Tel. {phone}, Aktenzeichen {no}.',
  'Der Zugriff erfolgte von der IP-Adresse {ipv4} aus, Vorgang {no}.',
  'Kreditkarte {card} wurde belastet, Bestellnummer {no}.',
  // French
  'Merci de contacter {email} au sujet de la commande {no}.',
  'Numéro de téléphone : {phone}, dossier {no}.',
  'Le virement doit être fait sur le compte IBAN {iban}.',
  'Carte bancaire : {card} ; adresse IP : {ipv4}.',
  // Spanish
  'Escriba a {email} o llame al teléfono {phone}; pedido {no}.',
  'Transferencia a la cuenta {iban}, factura {no}.',
  'La tarjeta {card} fue rechazada desde {ipv4}.',
  // Italian
  'Scrivere a {email}, telefono: {phone}, pratica {no}.',
  'Bonifico sul conto {iban} entro venerdì; carta {card}.',
  // Portuguese
  'Contato: {email}, telefone {phone}, pedido {no}.',
  'O cartão {card} foi usado a partir do IP {ipv4}.',
  // Dutch
  'Mail naar {email} of bel telefoon {phone} over factuur {no}.',
  'Overmaken naar {iban} onder vermelding van {no}.',
  // Polish
  'Proszę pisać na {email} lub dzwonić: telefon {phone}, sprawa {no}.',
  'Karta {card}, przelew na {iban}, numer {no}.',
  // Swedish, Norwegian, Finnish
  'Kontakta {email} eller ring telefon {phone} angående ärende {no}.',
  'Betal til konto {iban}, ordre {no}, e-post {email}.',
  'Lähetä viesti osoitteeseen {email}, puhelin {phone}.',
  // Turkish
  'Bize {email} adresinden veya telefon: {phone} ile ulaşın, sipariş {no}.',
  // Russian, Ukrainian, Greek
  'Пишите на {email} или звоните, телефон: {phone}, заказ {no}.',
  'Вхід з адреси {ipv4}, листи надсилайте на {email}.',
  'Επικοινωνήστε στο {email}, τηλέφωνο {phone}.',
  // Arabic, Hebrew, Hindi
  'يرجى المراسلة على {email} أو الاتصال على هاتف: {phone}',
  'נא לפנות אל {email} או בטלפון {phone}',
  'कृपया {email} पर लिखें, फ़ोन: {phone}, आदेश {no}',
  // Chinese, Japanese, Korean, Thai, Vietnamese
  '请联系{email}，电话：{phone}，订单号{no}。',
  '服务器地址为{ipv4}，信用卡{card}已扣款。',
  'お問い合わせは{email}まで。電話：{phone}、注文番号 {no}',
  'カード番号は{card}です。接続元は{ipv4}でした。',
  '문의는 {email} 로 보내 주세요. 전화: {phone}',
  'ติดต่อ {email} โทร {phone}',
  'Liên hệ {email}, điện thoại: {phone}, đơn {no}.',
];

/** What surrounds a value in documents that machines write and read. */
export const frames: readonly string[] = [
  '{"contact": "{email}", "order": "{no}"}',
  '{"payment": {"card_number": "{card}", "ref": "{no}"}}',
  '{"ssn":"{ssn}","id":"{no}"}',
  '{"client_ip":"{ipv4}","trace":"{no}"}',
  '<customer email="{email}" order="{no}"/>',
  '<td>{email}</td><td>{no}</td>',
  '<a href="mailto:{email}">write to us</a> ({no})',
  'name;email;order\nA. Person;{email};{no}',
  'email: {email}\nremote_addr: {ipv4}\nbuild: {no}',
  '| {email} | {no} |',
  '**{email}** / `{ipv4}` / {no}',
  'From: Someone <{email}>\r\nMessage-Ref: {no}',
  "INSERT INTO users VALUES (7, '{email}', '{no}');",
  'logger.warn("mail to {email} bounced, {no}")',
  '“{email}”, ‘{card}’ – {no}',
  'phone={phone}&mail={email}&ref={no}',
  'SSN|{ssn}|{no}',
  'curl http://{ipv4}:9200/_search # {no}',
  'Tel: {phone}\nE-mail: {email}\nRef: {no}',
];
