"""Prepared for a failure of the portal itself: notices, e-mails, call list (QĐ 15/2019/QĐ-TTg Article 10(4))."""
