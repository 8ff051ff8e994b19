/** The words of the sentences: people, places, things. Each is one token. */

export const femaleNames = [
  "Mary", "Anna", "Sue", "Amy", "Lily", "Emma", "Kate", "Jane", "Rose", "Ruth", "Clara", "Nora",
  "Alice", "Julia", "Helen", "Laura", "Sara", "Eva", "Ella", "Grace", "Ivy", "Lucy", "Maria", "Zoe",
] as const;

export const maleNames = [
  "John", "Tom", "Ben", "Max", "Sam", "Bob", "Jack", "Tim", "Paul", "Peter", "Mark", "Luke",
  "Adam", "Oscar", "Henry", "James", "David", "Simon", "Leo", "Hugo", "Felix", "Oliver", "Victor", "Noah",
] as const;

export const names: readonly string[] = [...femaleNames, ...maleNames];

/** Where people go: after "the". */
export const places = [
  "park", "store", "school", "garden", "beach", "market", "library", "museum", "station", "office",
  "restaurant", "hospital", "zoo", "farm", "theater", "bakery", "church", "castle", "forest", "lake",
  "village", "harbor", "kitchen", "hotel",
] as const;

/** What people give each other: after "a" or "the". */
export const things = [
  "ball", "drink", "book", "ring", "letter", "kite", "present", "cake", "hat", "lamp", "coat", "map",
  "flower", "basket", "pen", "bone", "bottle", "camera", "guitar", "ticket", "cookie", "toy", "watch",
  "scarf", "spoon", "drum", "pillow", "mirror", "necklace", "photo", "puzzle", "rope",
] as const;

/** Singular and plural of the things whose number a verb must follow. */
export const nouns: readonly (readonly [singular: string, plural: string])[] = [
  ["key", "keys"], ["cabinet", "cabinets"], ["door", "doors"], ["table", "tables"],
  ["car", "cars"], ["tree", "trees"], ["house", "houses"], ["boat", "boats"],
  ["chair", "chairs"], ["window", "windows"], ["box", "boxes"], ["painting", "paintings"],
  ["boy", "boys"], ["girl", "girls"], ["teacher", "teachers"], ["farmer", "farmers"],
  ["doctor", "doctors"], ["king", "kings"], ["bird", "birds"], ["rabbit", "rabbits"],
  ["tower", "towers"], ["bridge", "bridges"], ["road", "roads"], ["shop", "shops"],
];

export const prepositions = ["near", "behind", "beside", "above", "under", "by"] as const;

/** Verb forms for one and for many. */
export const verbs: readonly (readonly [singular: string, plural: string])[] = [
  ["is", "are"], ["was", "were"], ["looks", "look"], ["seems", "seem"], ["stays", "stay"],
];

export const qualities = [
  "old", "new", "nice", "pretty", "small", "big", "quiet", "clean", "strange", "famous",
] as const;

export const feelings = [
  "tired", "hungry", "careless", "happy", "sad", "late", "angry", "bored", "busy", "ill",
] as const;
