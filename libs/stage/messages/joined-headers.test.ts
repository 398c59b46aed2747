import { describe, expect, it } from 'vitest';
import { joinedHeaders, joinedHeadersInLowerCase } from './response-headers.ts';

describe('joined headers', () => {
  it('join the values of a name that comes again, in their order', () => {
    const headers = [
      { name: 'accept', value: 'text/html' },
      { name: 'x', value: '1' },
      { name: 'accept', value: 'text/plain' },
    ];
    expect(joinedHeaders(headers)).toEqual({ accept: 'text/html, text/plain', x: '1' });
  });

  it('take names of objects for what they are', () => {
    const joined = joinedHeaders([{ name: 'constructor', value: 'a' }]);
    expect(Object.entries(joined)).toEqual([['constructor', 'a']]);
  });

  it('in lower case, meet whichever case a person wrote', () => {
    const headers = [
      { name: 'Accept', value: 'a' },
      { name: 'accept', value: 'b' },
    ];
    expect(joinedHeadersInLowerCase(headers)).toEqual({ accept: 'a, b' });
  });
});
