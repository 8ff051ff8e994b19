/** Opcodes that make objects of classes, or reach outside the file: refused by their names. */
export const refusedOpcodes: Readonly<Record<number, string>> = {
  80: "PERSID",
  83: "STRING",
  86: "UNICODE",
  105: "INST",
  111: "OBJ",
  129: "NEWOBJ",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  146: "NEWOBJ_EX",
  150: "BYTEARRAY8",
  151: "NEXT_BUFFER",
  152: "READONLY_BUFFER",
};
