"""The App API's endpoints: requests in, answers in the vendor's shapes out."""
