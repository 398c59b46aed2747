/** The package types its converters, not its dictionaries. Pairs of characters, `traditional simplified`, between bars. */
declare module 'opencc-js/dict/TSCharacters' {
  const pairs: string;
  // biome-ignore lint/style/noDefaultExport: it is what the package exports.
  export default pairs;
}
