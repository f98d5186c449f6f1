import { hunde } from "./hunde.js";
import { kalender } from "./kalender.js";
import { kunden } from "./kunden.js";
import { kurse } from "./kurse.js";
import { trainer } from "./trainer.js";
import { waren } from "./waren.js";
import { zahlungen } from "./zahlungen.js";

/** The mock database of the dog school: invented people, dogs and payments; `kommunikation` is still empty. */
export const db = { kunden, hunde, trainer, kurse, kalender, zahlungen, waren, kommunikation: [] };
