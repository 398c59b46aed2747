"""The crawl of the proof as a spider of Scrapy."""
import json

import scrapy


class Proof(scrapy.Spider):
    name = "proof"

    def __init__(self, base, feed, **arguments):
        super().__init__(**arguments)
        self.base = base
        self.feed = feed

    def start_requests(self):
        yield scrapy.Request(f"{self.base}/list", callback=self.parse_list)

    def parse_list(self, response):
        for link in response.css("a"):
            url = response.urljoin(link.attrib["href"])
            yield scrapy.Request(url, callback=self.parse_page, cb_kwargs={"page": link.css("::text").get()})

    def parse_page(self, response, page):
        yield {"id": page, "value": int(response.css("#value::text").get())}

    def closed(self, reason):
        if reason != "finished":
            return
        values = {}
        with open(self.feed, encoding="utf-8") as feed:
            for line in feed:
                try:
                    item = json.loads(line)
                except ValueError:
                    continue
                values[item["id"]] = item["value"]
        if "sum" in values:
            return
        with open(self.feed, "a", encoding="utf-8") as feed:
            feed.write(json.dumps({"id": "sum", "value": sum(values.values())}) + "\n")
