type Words = readonly [string, ...string[]];

export const FIRST_NAMES: Words = ["Anna", "Jörg", "Miriam", "Zoë", "Karl-Heinz", "Emine", "Bjørn", "Lieselotte"];
export const LAST_NAMES: Words = [
  "Müller",
  "Schmidt",
  "Großmann",
  "Yıldız",
  "von der Heide",
  "Weiß",
  "Nowak",
  "Öztürk",
];
export const STREETS: Words = ["Hauptstraße", "Am Mühlbach", "Lindenallee", "Zum Alten Forsthaus", "Kirchgasse"];
export const CITIES: Words = ["Köln", "Münster", "Hamburg", "Görlitz", "Bad Säckingen", "Lübeck"];
export const DOGS: Words = ["Rex", "Bella", "Strolch", "Mücke", "Fräulein Smilla", "Bello", "Ronja"];
export const BREEDS: Words = ["Schäferhund", "Dackel", "Mischling", "Labrador Retriever", "Pudel", "Boxer"];

const SENTENCES =
  'Kommt pünktlich zum Training, mag andere Hunde und "bleibt" auch ohne Leine. Übt zu Hause täglich.\n' +
  "Braucht Ruhe vor der Stunde; Anruf nur nachmittags, bitte keine Leckerlis mit Getreide geben. " +
  "Größe und Gewicht wurden zuletzt beim Tierarzt geprüft, der Impfpass liegt vor (Kopie im Ordner). ";
/** Text that notes are cut out of: umlauts, quotation marks and line feeds, no characters beyond the BMP. */
export const NOTES = SENTENCES.repeat(20);
