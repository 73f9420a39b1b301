"""What stands ready for the time when the portal itself fails (QĐ 15/2019/QĐ-TTg Article 10(4))."""
