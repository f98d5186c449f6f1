/** Words in the name of a field that speak of a person, or of what is a person's own business. */
const WORDS =
  "mail|phone|fax|mobile|cell|telefon|handy|tel|address|adresse|street|strasse|city|ort|stadt|town|zip|plz|postcode|postal|birth|born|dob|geburt|gender|sex|first|last|sur|given|middle|family|vorname|nachname|maiden|fullname|username|login|password|passwd|secret|token|iban|bic|account|card|ccv|cvv|ssn|tax|passport|salary|wage|income|gehalt|lohn|ip|latitude|longitude|note|notes|notiz|notizen|remark|remarks|comment|comments|bemerkung|diagnosis|religion|nationality|signature|photo";
const PERSONAL = new RegExp(`^(?:${WORDS})$`);
const INSIDE = /mail|phone|address|.name$/;

/** True where the name of a field lets one expect personal values; a guess that a person has to correct. */
export function isPersonalName(field: string): boolean {
  return field
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => PERSONAL.test(word) || INSIDE.test(word));
}
