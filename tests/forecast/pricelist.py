"""AWS's price list as a server: it answers GetProducts in JSON 1.1, as moto's server does not. Prints its port.

The prices are made up; the shape of the answer is that of `PriceList` in AWS's own documentation.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

VCPUS = {"c5.large": 2, "m5.xlarge": 4}
PRICES = {"c5.large": "0.1250000000", "m5.xlarge": "0.5000000000"}


def product(name: str, unit: str, dollars: str) -> str:
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": dollars}}
    return json.dumps(
        {
            "product": {
                "productFamily": "Compute Instance",
                "attributes": {"instanceType": name, "vcpu": str(VCPUS[name])},
            },
            "serviceCode": "AmazonEC2",
            "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": dimension}}}},
        }
    )


class PriceList(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
        if self.headers["X-Amz-Target"] != "AWSPriceListService.GetProducts" or wanted["operatingSystem"] != "Linux":
            self.answer(400, {"__type": "InvalidParameterException", "message": "no such question"})
        elif wanted["regionCode"] == "eu-west-2":
            self.page(403, "<!DOCTYPE html><html><head><title>403</title></head><body>who are you?</body></html>")
        elif wanted["regionCode"] == "eu-north-1":
            self.page(200, "<html>welcome</html>")
        elif wanted["regionCode"] == "eu-west-3":
            self.answer(400, {"__type": "AccessDeniedException", "message": "not allowed to ask"})
        elif wanted["instanceType"] not in PRICES:
            self.answer(200, {"FormatVersion": "aws_v1", "PriceList": []})
        elif "NextToken" not in asked:  # reservations are listed too, at no price an hour
            self.answer(200, {"PriceList": [product(wanted["instanceType"], "Hrs", "0.0000")], "NextToken": "more"})
        else:
            name = wanted["instanceType"]
            self.answer(200, {"FormatVersion": "aws_v1", "PriceList": [product(name, "Hrs", PRICES[name])]})

    def answer(self, status: int, fields: dict) -> None:
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), PriceList)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
