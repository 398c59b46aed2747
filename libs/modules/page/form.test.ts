import { describe, expect, it } from 'vitest';
import { SourcePage } from './page.ts';

function page(body: string): SourcePage {
  return new SourcePage(
    { url: 'https://shop.test/x/login?a=1#f', status: 200, headers: {}, body: Buffer.from(body) },
    'fast',
  );
}

const everything = page(`<input name=outside value=1 form=f><form id=f action="../do?x=1" method=POST>
<input type=hidden name=token value="a&amp;b"><input name=user><input name="" value=no><input value=unnamed>
<input type=checkbox name=c value=1 checked><input type=checkbox name=c value=2 checked><input type=checkbox name=d><input type=checkbox name=e checked>
<input type=radio name=r value=1 checked><input type=radio name=r value=2 checked><input type=radio name=r value=3>
<input name=gone value=1 disabled><fieldset disabled><legend><input name=legend value=1></legend><input name=set value=1></fieldset>
<select name=s><option value=1>one<option selected>  two
 words </select><select name=first><option disabled value=0>zero<option value=1>one</select>
<select name=m multiple><option selected>a<option>b<option selected>c</select><select name=none multiple><option>a</select>
<textarea name=t>
 two
lines</textarea><input type=file name=file><input name=theirs form=g value=1>
<button type=button name=no value=1>x</button><input type=reset name=no2><button name=go value=in>Log in</button><input type=submit name=go value=other>
</form><form id=g></form>`);

describe('a form', () => {
  it('has the fields that a browser would send', () => {
    const { url, method, fields } = everything.form('#f');
    expect([url, method]).toEqual(['https://shop.test/do?x=1', 'POST']);
    expect(fields).toEqual([
      ['outside', '1'],
      ['token', 'a&b'],
      ['user', ''],
      ['c', '1'],
      ['c', '2'],
      ['e', 'on'],
      ['r', '2'],
      ['legend', '1'],
      ['s', 'two words'],
      ['first', '1'],
      ['m', 'a'],
      ['m', 'c'],
      ['t', ' two\nlines'],
      ['file', ''],
      ['go', 'in'],
    ]);
  });

  it('is sent by the button that is named, by none, or by the first', () => {
    const sent = (submit?: string | false): string[] =>
      everything
        .form('#f', submit === undefined ? {} : { submit })
        .fields.flatMap(([name, value]) => (name === 'go' ? [value] : []));
    expect(sent()).toEqual(['in']);
    expect(sent(false)).toEqual([]);
    expect(sent('[value=other]')).toEqual(['other']);
    expect(() => sent('#nope')).toThrow(expect.objectContaining({ code: 'parse.no_form' }));
  });

  it('becomes a request with other values', () => {
    const form = page(
      '<form method=post action=/in><input name=t value=x><input name=user><input name=user><textarea name=n>a\nb</textarea></form>',
    ).form();
    expect(form.request({ user: 'ann', more: '1 2' })).toEqual({
      url: 'https://shop.test/in',
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 't=x&user=ann&n=a%0D%0Ab&more=1+2',
    });
    expect(JSON.parse(JSON.stringify(form.request()))).toEqual(form.request());
  });

  it.each([
    ['<form action="/s?old=1#x"><input name=q value="a b">', { url: 'https://shop.test/s?q=a+b' }],
    ['<form><input name=q>', { url: 'https://shop.test/x/login?q=' }],
    ['<base href="/base/"><form action=""><input name=q>', { url: 'https://shop.test/x/login?q=' }],
    ['<base href="/base/"><form action="s"><input name=q>', { url: 'https://shop.test/base/s?q=' }],
    ['<form method=post><button formaction=/b formmethod=get name=k>', { url: 'https://shop.test/b?k=' }],
    ['<form action=/i><input type=image name=at>', { url: 'https://shop.test/i?at.x=0&at.y=0' }],
  ])('%s asks for %j', (html, request) => {
    expect(page(html).form().request()).toEqual(request);
  });

  it('is sent in parts if it says so, always in the same way', () => {
    const form = page('<form method=post enctype=multipart/form-data><input name=\'a"\' value="----form">').form();
    const { headers, body } = form.request();
    expect(headers).toEqual({ 'content-type': 'multipart/form-data; boundary=----form0' });
    expect(body).toBe(
      '------form0\r\ncontent-disposition: form-data; name="a%22"\r\n\r\n----form\r\n------form0--\r\n',
    );
    expect(form.request()).toEqual(form.request());
  });

  it('that is not there is a failure that says how many there are', () => {
    expect(() => everything.form('.login')).toThrow(
      expect.objectContaining({
        code: 'parse.no_form',
        class: 'retryable',
        remedy: expect.stringContaining('2 forms'),
      }),
    );
    expect(() => page('<p>').form()).toThrow(expect.objectContaining({ remedy: expect.stringContaining('no form') }));
  });
});
