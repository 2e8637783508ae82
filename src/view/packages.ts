/** Imported late, and from here alone: code that is compiled once and kept (src/compiled-code.ts) cannot import. */
export const importChalk = () => import("chalk");

export const importOra = () => import("ora");
