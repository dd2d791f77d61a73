"""``python -m destination_salesforce_intro`` is the console script."""

from destination_salesforce_intro.run import main

if __name__ == "__main__":
    main()
