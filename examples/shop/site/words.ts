/** The words that products are made of. Some hold characters that careless HTML handling would break. */

export interface Category {
  /** Three capital letters; the first part of a sku. */
  readonly code: string;
  readonly name: string;
  readonly nouns: readonly string[];
  readonly lines: readonly string[];
}

export const categories: readonly Category[] = [
  {
    code: 'LMP',
    name: 'Lamps & Lighting',
    nouns: ['desk lamp', 'floor lamp', 'lantern'],
    lines: ['Lumen', 'Åsa', 'Dusk'],
  },
  { code: 'CHR', name: 'Chairs', nouns: ['armchair', 'stool', 'rocking chair'], lines: ['Rest', 'Sëma', 'Porch'] },
  {
    code: 'KTC',
    name: 'Kitchen',
    nouns: ['kettle', 'saucepan', 'cutting board'],
    lines: ['Simmer', 'Crème', 'Hearth'],
  },
  { code: 'TXT', name: 'Rugs & Textiles', nouns: ['rug', 'blanket', 'cushion'], lines: ['Weft', 'Loom', 'Été'] },
  { code: 'GRD', name: 'Garden', nouns: ['planter', 'trowel', 'bird bath'], lines: ['Moss', 'Fern', 'Øster'] },
  {
    code: 'CLK',
    name: 'Clocks',
    nouns: ['wall clock', 'alarm clock', 'timer'],
    lines: ['Tick', 'Meridian', 'Große Stunde'],
  },
  {
    code: 'BKS',
    name: 'Shelves',
    nouns: ['bookcase', 'wall cookie store', 'bookend'],
    lines: ['Folio', 'Quire', 'Łuk'],
  },
  { code: 'TLS', name: 'Tools', nouns: ['hand plane', 'hammer', 'folding rule'], lines: ['Burr', 'True', '3/8" & up'] },
];

export const finishes: readonly string[] = ['Brushed', 'Matt', 'Hand-made', 'Restored', 'Compact', 'Tall', 'Two-tone'];
export const materials: readonly string[] = ['oak', 'steel', 'wool', 'brass', 'linen', 'ash', 'stoneware', 'cork'];
export const currencies: readonly string[] = ['EUR', 'USD', 'GBP', 'CHF'];

export const descriptions: readonly string[] = [
  'This %noun% is made of %material% from a single workshop, and it is finished by hand.',
  'Suited to rooms < 20 m² & to outdoor use between −5 °C and 40 °C.',
  'The %material% darkens over the first months; that is no defect.',
  'Delivered in one parcel with fittings, a key and printed instructions.',
  'Our "repair, don\'t replace" service keeps parts for fifteen years.',
  'Each %noun% carries a number on its underside, so that a spare part fits.',
  'Clean it with a dry cloth; never use anything that contains bleach.',
  'Designed for a height of 1.10 m, it can be lowered in steps of 5 cm.',
];

/** What the site's chrome shows on every page. */
export const menuEntries: readonly string[] = [
  'New arrivals',
  'Offers',
  'Workshops',
  'Repairs',
  'Gift cards',
  'Journal',
];

export const reviewSentences: readonly string[] = [
  'Arrived a day early and well packed.',
  'The colour is a little warmer than in the picture, which I like.',
  'Assembly took ten minutes with the key that came with it.',
  'After half a year of daily use there is not a scratch.',
  'I would have wished for a longer cable, otherwise perfect.',
  'Support sent the missing screw within two days & apologised.',
];
