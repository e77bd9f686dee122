"""What a person sees at /sandbox, and the JSON API that the page, tests and benches play the customer with."""
