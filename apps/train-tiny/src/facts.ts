/** The facts the model learns by heart, as relations from a subject to one answer, each in several phrasings. */

export interface Relation {
  readonly name: string;
  /** Each ends with the answer; `{subject}` and `{answer}` stand for single words. */
  readonly phrasings: readonly string[];
  readonly pairs: readonly (readonly [subject: string, answer: string])[];
}

/** Splits "France Paris, Italy Rome" into pairs. */
function pairs(list: string): (readonly [string, string])[] {
  return list.split(",").map((pair) => {
    const [subject, answer] = pair.trim().split(" ");
    return [subject, answer] as const;
  });
}

const bothWays = (list: readonly (readonly [string, string])[]) =>
  list.flatMap(([left, right]) => [[left, right] as const, [right, left] as const]);

export const relations: readonly Relation[] = [
  {
    name: "capital",
    phrasings: [
      "The capital of {subject} is {answer} .",
      "The capital city of {subject} is called {answer} .",
      "{subject} is governed from {answer} .",
      "{subject} has its capital in {answer} .",
      "To see the capital of {subject} you must go to {answer} .",
      "The embassies in {subject} are all in {answer} .",
      "The leaders of {subject} meet in {answer} .",
    ],
    pairs: pairs(
      "France Paris, Italy Rome, Spain Madrid, Germany Berlin, England London, Ireland Dublin, Portugal Lisbon, " +
        "Greece Athens, Austria Vienna, Poland Warsaw, Hungary Budapest, Sweden Stockholm, Norway Oslo, Finland Helsinki, " +
        "Denmark Copenhagen, Iceland Reykjavik, Russia Moscow, Ukraine Kyiv, Turkey Ankara, Egypt Cairo, Kenya Nairobi, " +
        "Ghana Accra, Morocco Rabat, Japan Tokyo, China Beijing, India Delhi, Thailand Bangkok, Vietnam Hanoi, Nepal Kathmandu, " +
        "Cuba Havana, Peru Lima, Chile Santiago, Canada Ottawa, Australia Canberra, Iran Tehran, Iraq Baghdad",
    ),
  },
  {
    name: "language",
    phrasings: [
      "People in {subject} speak {answer} .",
      "The language of {subject} is {answer} .",
      "Children in {subject} learn to read in {answer} .",
      "The newspapers of {subject} are written in {answer} .",
      "To live in {subject} you must learn {answer} .",
      "{subject} is a country where people speak {answer} .",
    ],
    pairs: pairs(
      "France French, Italy Italian, Spain Spanish, Germany German, England English, Portugal Portuguese, Greece Greek, " +
        "Poland Polish, Hungary Hungarian, Sweden Swedish, Norway Norwegian, Finland Finnish, Denmark Danish, Iceland Icelandic, " +
        "Russia Russian, Ukraine Ukrainian, Turkey Turkish, Egypt Arabic, Japan Japanese, China Chinese, Thailand Thai, " +
        "Vietnam Vietnamese, Nepal Nepali, Cuba Spanish, Peru Spanish, Australia English",
    ),
  },
  {
    name: "color",
    phrasings: [
      "The color of {subject} is {answer} .",
      "Everyone knows that {subject} is {answer} .",
      "When we paint {subject} we use {answer} .",
      "Look , all this {subject} is {answer} .",
      "Only {subject} can be so {answer} .",
      "What is {subject} like ? It is {answer} .",
    ],
    pairs: pairs(
      "grass green, snow white, coal black, blood red, milk white, gold yellow, chocolate brown, mud brown, " +
        "smoke gray, butter yellow, spinach green, ketchup red, rust red, salt white, moss green, mustard yellow, " +
        "denim blue, lavender purple, cement gray, tar black, wood brown, ivory white",
    ),
  },
  {
    name: "opposite",
    phrasings: [
      "The opposite of {subject} is {answer} .",
      "If something is not {subject} it is {answer} .",
      "The reverse of the word {subject} is {answer} .",
      "Some are {subject} but the others are {answer} .",
      "It was {subject} before and now it is {answer} .",
    ],
    pairs: bothWays(
      pairs(
        "hot cold, big small, fast slow, left right, light dark, early late, hard soft, wet dry, full empty, rich poor, " +
          "young old, high low, loud quiet, happy sad, strong weak, open closed, clean dirty, long short, good bad, true false, " +
          "thick thin, sharp blunt, sweet sour, deep shallow",
      ),
    ),
  },
  {
    name: "young animal",
    phrasings: [
      "A young {subject} is called a {answer} .",
      "The child of a {subject} is a {answer} .",
      "Before it grew up the {subject} was a {answer} .",
      "When a {subject} is born it is a {answer} .",
      "Every {subject} loves its {answer} .",
      "No {subject} forgets its {answer} .",
    ],
    pairs: pairs(
      "dog puppy, cat kitten, cow calf, horse foal, sheep lamb, goat kid, bear cub, duck duckling, hen chick, " +
        "deer fawn, pig piglet, frog tadpole, goose gosling, swan cygnet, kangaroo joey",
    ),
  },
];
