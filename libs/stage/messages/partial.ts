/**
 * Marks a response whose body was cut off, on its way from the downloader to the parser. No server can send it: the
 * downloader leaves out headers of this name.
 */
export const PARTIAL_HEADER = 'catena-partial';
