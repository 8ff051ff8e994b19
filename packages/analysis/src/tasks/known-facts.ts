/** Facts that many models know, as relations: a template, and subjects with their one attribute. */

export interface Relation {
  /** `{}` is the subject; the attribute follows. */
  readonly template: string;
  readonly facts: readonly (readonly [subject: string, attribute: string])[];
}

/** "France Paris, Italy Rome". */
function relation(template: string, list: string): Relation {
  const facts = list.split(", ").map((fact): [string, string] => {
    const [subject, attribute] = fact.split(" ");
    return [subject, attribute];
  });
  return { template, facts };
}

/** All of one form, so that with subjects of one token all have one length. */
export const relations: readonly Relation[] = [
  relation(
    "The capital of {} is",
    "France Paris, Italy Rome, Spain Madrid, Germany Berlin, England London, Ireland Dublin, Portugal Lisbon, Greece Athens, Austria Vienna, Poland Warsaw, Sweden Stockholm, Norway Oslo, Finland Helsinki, Denmark Copenhagen, Russia Moscow, Egypt Cairo, Kenya Nairobi, Japan Tokyo, China Beijing, Cuba Havana, Peru Lima, Chile Santiago, Canada Ottawa, Iran Tehran, Iraq Baghdad", // biome-ignore format: a list
  ),
  relation(
    "The language of {} is",
    "France French, Italy Italian, Spain Spanish, Germany German, England English, Portugal Portuguese, Greece Greek, Poland Polish, Sweden Swedish, Norway Norwegian, Finland Finnish, Denmark Danish, Hungary Hungarian, Russia Russian, Turkey Turkish, Egypt Arabic, Japan Japanese, China Chinese, Thailand Thai, Mexico Spanish, Brazil Portuguese, Austria German", // biome-ignore format: a list
  ),
  relation(
    "The continent of {} is",
    "France Europe, Poland Europe, Norway Europe, Kenya Africa, Ghana Africa, Morocco Africa, Japan Asia, Thailand Asia, Nepal Asia, India Asia", // biome-ignore format: a list
  ),
  relation(
    "The color of {} is",
    "grass green, snow white, coal black, blood red, milk white, gold yellow, chocolate brown, smoke gray, rust red, salt white, moss green", // biome-ignore format: a list
  ),
  relation(
    "The opposite of {} is",
    "hot cold, big small, fast slow, left right, light dark, early late, hard soft, wet dry, full empty, rich poor, young old, high low, happy sad, strong weak, good bad, true false, thick thin", // biome-ignore format: a list
  ),
];
