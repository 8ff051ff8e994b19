/** The words of the sentences: people, places, things. Each is one token. */

const list = (text: string): readonly string[] => text.split(" ");

/** Singular and plural, written "key/keys". */
const forms = (text: string): readonly (readonly [singular: string, plural: string])[] =>
  list(text).map((pair) => {
    const [singular, plural] = pair.split("/");
    return [singular, plural];
  });

export const femaleNames = list(
  "Mary Anna Sue Amy Lily Emma Kate Jane Rose Ruth Clara Nora " +
    "Alice Julia Helen Laura Sara Eva Ella Grace Ivy Lucy Maria Zoe",
);

export const maleNames = list(
  "John Tom Ben Max Sam Bob Jack Tim Paul Peter Mark Luke " +
    "Adam Oscar Henry James David Simon Leo Hugo Felix Oliver Victor Noah",
);

export const names = [...femaleNames, ...maleNames];

/** Where people go: after "the". */
export const places = list(
  "park store school garden beach market library museum station office restaurant hospital " +
    "zoo farm theater bakery church castle forest lake village harbor kitchen hotel",
);

/** What people give each other: after "a" or "the". */
export const things = list(
  "ball drink book ring letter kite present cake hat lamp coat map flower basket pen bone " +
    "bottle camera guitar ticket cookie toy watch scarf spoon drum pillow mirror necklace photo puzzle rope",
);

/** Whatever can stand near something else. */
export const nouns = forms(
  "key/keys cabinet/cabinets door/doors table/tables car/cars tree/trees house/houses boat/boats " +
    "chair/chairs window/windows box/boxes painting/paintings boy/boys girl/girls teacher/teachers farmer/farmers " +
    "doctor/doctors king/kings bird/birds rabbit/rabbits tower/towers bridge/bridges road/roads shop/shops",
);

export const prepositions = list("near behind beside above under by");

/** Verbs whose form follows the number of the subject. */
export const verbs = forms("is/are was/were looks/look seems/seem stays/stay");

export const qualities = list("old new nice pretty small big quiet clean strange famous");

export const feelings = list("tired hungry careless happy sad late angry bored busy ill");
