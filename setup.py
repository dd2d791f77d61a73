"""Package metadata; the tools' settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

SANDBOX = [
    "aiohttp>=3.14,<4",  # serves both stand-ins; can break a connection on purpose
    "lark>=1.2,<2",  # the SOQL grammar
    "rich>=13.7,<16",  # the demo's tables
]
DEV = [
    "hypothesis>=6.100,<7",
    "mypy>=1.15,<3",
    "pytest>=8.2,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.6,<4",
    "ruff>=0.15,<0.18",
    "types-PyYAML>=6,<7",
    "types-requests>=2.31,<3",
    "types-setuptools>=69,<90",
]

setup(
    name="airbyte-customerio-salesforce",
    version="0.1.0",
    description="Airbyte connectors that keep Customer.io audiences true in Salesforce",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10,<3.14",
    packages=find_packages(
        include=[
            "source_customerio_segments",
            "source_customerio_segments.*",
            "destination_salesforce_intro",
            "destination_salesforce_intro.*",
        ]
    ),
    package_data={
        "source_customerio_segments": ["spec.yaml", "py.typed"],
        "destination_salesforce_intro": ["spec.yaml", "py.typed"],
    },
    install_requires=[
        # Both entry points override parts of the CDK (line decoding, STATE echo, record
        # serialisation) that a major release may move.
        "airbyte-cdk>=7.39.1,<8",
        "fsspec>=2024.6,<2027",
        "numpy>=1.26,<3",
        "orjson>=3.10.7,<4",
        "phonenumbers>=8.13,<10",
        "email-validator>=2.1.1,<3",
        "pydantic>=2.13,<3",
        "pyjwt[crypto]>=2.8,<3",
        "pyyaml>=6,<7",
        "requests>=2.32.3,<3",
        "simple-salesforce>=1.12.9,<2",
        "tenacity>=8.5,<10",
        "typing-extensions>=4.6,<5",  # Self, before Python 3.11
    ],
    extras_require={
        "s3": ["s3fs>=2024.6,<2027"],  # object_storage_config with storage_type S3
        "sandbox": SANDBOX,
        "dev": DEV + SANDBOX,
    },
    entry_points={
        "console_scripts": [
            "source-customerio-segments = source_customerio_segments.run:main",
            "destination-salesforce-intro = destination_salesforce_intro.run:main",
        ]
    },
)
